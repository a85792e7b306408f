/* TCP within a guest. */
#ifndef INTERDOM_LOOPBACK_H
#define INTERDOM_LOOPBACK_H

/* A socket that listens on 127.0.0.1; fails the role where it cannot. */
int loopback_listen(unsigned int port);

/* A connection that was accepted, without Nagle's delay; -1 with errno. */
int loopback_accept(int listener);

/* A socket connected to 127.0.0.1, without Nagle's delay; -1 with errno where nobody listens. */
int loopback_connect(unsigned int port);

#endif
