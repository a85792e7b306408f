/* The parts a domain can play. Each takes its options, reports one line and returns an exit code. */
#ifndef INTERDOM_ROLES_H
#define INTERDOM_ROLES_H

#include "options.h"

int role_ping(const struct options *options);     /* sends, waits for the answer, and so on; measures */
int role_pong(const struct options *options);     /* answers */
int role_sender(const struct options *options);   /* streams; measures */
int role_receiver(const struct options *options); /* takes the stream */
int role_connect(const struct options *options);  /* sets a connection up; measures */
int role_accept(const struct options *options);   /* is connected to */
int role_grantor(const struct options *options);  /* grants pages until told to stop */
int role_mapper(const struct options *options);   /* takes pages by map, copy or a kept mapping; measures */
int role_idle(const struct options *options);     /* measures a window in which nothing is sent */
int role_party(const struct options *options);    /* one end of one connection, which lives on after its answer */
int role_crowd(const struct options *options);    /* one side of connections, one after another until no more can be */
int role_crash(const struct options *options);    /* the guest's kernel panics, just after the answer */
int role_proxy(const struct options *options);    /* carries TCP connections of the loopback; lives on */
int role_vchan_socket_proxy(const struct options *options); /* Xen's own program for that, in its place */
int role_forward(const struct options *options);  /* from a UNIX socket to the loopback; lives on */
int role_stop(const struct options *options);     /* ends a program that lives on */
int role_tcp_server(const struct options *options); /* does as a client says; lives on */
int role_tcp_probe(const struct options *options); /* such a client: does the proxy do as TCP does? */
int role_http_server(const struct options *options); /* busybox httpd with one file */
int role_http_client(const struct options *options); /* fetches it by busybox wget; measures */

/* Runs the role of that name; fails where there is none. */
int run_role(const char *name, const struct options *options);

#endif
