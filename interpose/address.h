/* Addresses as text, and the list of those that lead elsewhere. */
#ifndef INTERDOM_ADDRESS_H
#define INTERDOM_ADDRESS_H

#include <stddef.h>
#include <sys/socket.h>

/* "[ffff:...]:65535" with room to spare. */
#define ADDRESS_TEXT 64

/* Writes "192.0.2.1:80" or "[2001:db8::1]:80". An IPv4 address inside IPv6 is written as IPv4. Returns 0, or -1 where the
 * address is of another family or too short. */
int address_to_text(const struct sockaddr *address, socklen_t length, char text[ADDRESS_TEXT]);

/* Reads what address_to_text wrote, in the form of `family` (AF_INET6 takes IPv4 too). Returns the length, or 0. */
socklen_t address_from_text(const char *text, int family, struct sockaddr_storage *address);

/* 127.0.0.1 and a port, in the form of `family`; ::1 where the socket takes IPv6 only. Returns the length. */
socklen_t address_of_loopback(int family, int v6_only, unsigned port, struct sockaddr_storage *address);

/* Where "HOST:PORT" leads in a list like "192.0.2.1:22=40001,[::1]:80=40002": a port of this host, or 0. */
unsigned list_port(const char *list, const char *text);

/* The same, where the host of `text` may also be that of all addresses (0.0.0.0, [::]). */
unsigned list_port_of_any(const char *list, const char *text);

/* The address that leads to a port. Returns 0, or -1 where none does. */
int list_address(const char *list, unsigned port, char text[ADDRESS_TEXT]);

#endif
