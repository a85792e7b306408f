/* Addresses as text, and the chosen ones. */
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

/* Whether "HOST:PORT" is in a list like "192.0.2.1:22,192.0.2.2:*". */
int address_is_chosen(const char *text, const char *list);

#endif
