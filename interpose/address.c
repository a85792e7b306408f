/* Addresses as text, and the list of those that lead elsewhere. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"

int address_to_text(const struct sockaddr *address, socklen_t length, char text[ADDRESS_TEXT])
{
    char host[INET6_ADDRSTRLEN];

    if (address->sa_family == AF_INET && length >= sizeof(struct sockaddr_in)) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        if (inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host) == NULL)
            return -1;
        snprintf(text, ADDRESS_TEXT, "%s:%u", host, ntohs(v4->sin_port));
        return 0;
    }
    if (address->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6)) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
            if (inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], host, sizeof host) == NULL)
                return -1;
            snprintf(text, ADDRESS_TEXT, "%s:%u", host, ntohs(v6->sin6_port));
            return 0;
        }
        if (inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host) == NULL)
            return -1;
        snprintf(text, ADDRESS_TEXT, "[%s]:%u", host, ntohs(v6->sin6_port));
        return 0;
    }
    return -1;
}

/* Splits "HOST:PORT" into its parts; brackets around an IPv6 host go. Returns 0, or -1 where it has not that form. */
static int split(const char *text, char host[INET6_ADDRSTRLEN], unsigned *port)
{
    const char *colon = strrchr(text, ':');
    size_t bytes;

    if (colon == NULL || strlen(text) >= ADDRESS_TEXT)
        return -1;
    *port = (unsigned)strtoul(colon + 1, NULL, 10);
    if (text[0] == '[' && colon > text && colon[-1] == ']') {
        text++;
        bytes = (size_t)(colon - 1 - text);
    } else {
        bytes = (size_t)(colon - text);
    }
    if (bytes >= INET6_ADDRSTRLEN)
        return -1;
    memcpy(host, text, bytes);
    host[bytes] = '\0';
    return 0;
}

socklen_t address_from_text(const char *text, int family, struct sockaddr_storage *address)
{
    char host[INET6_ADDRSTRLEN];
    unsigned port;
    struct in_addr v4;

    memset(address, 0, sizeof *address);
    if (split(text, host, &port) != 0)
        return 0;
    if (family == AF_INET) {
        struct sockaddr_in *in = (struct sockaddr_in *)address;
        in->sin_family = AF_INET;
        in->sin_port = htons((uint16_t)port);
        return inet_pton(AF_INET, host, &in->sin_addr) == 1 ? sizeof *in : 0;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons((uint16_t)port);
    if (inet_pton(AF_INET, host, &v4) == 1) {
        in6->sin6_addr.s6_addr[10] = in6->sin6_addr.s6_addr[11] = 0xff;
        memcpy(&in6->sin6_addr.s6_addr[12], &v4, sizeof v4);
        return sizeof *in6;
    }
    return inet_pton(AF_INET6, host, &in6->sin6_addr) == 1 ? sizeof *in6 : 0;
}

socklen_t address_of_loopback(int family, int v6_only, unsigned port, struct sockaddr_storage *address)
{
    char text[ADDRESS_TEXT];

    snprintf(text, sizeof text, family == AF_INET6 && v6_only ? "[::1]:%u" : "127.0.0.1:%u", port);
    return address_from_text(text, family, address);
}

/* The next entry of a list: its address and its port. Returns what follows it, or NULL at the end. */
static const char *next_entry(const char *list, char text[ADDRESS_TEXT], unsigned *port)
{
    size_t bytes = strcspn(list, ",");
    const char *equals = memchr(list, '=', bytes);

    if (bytes == 0 || equals == NULL || (size_t)(equals - list) >= ADDRESS_TEXT)
        return NULL;
    memcpy(text, list, (size_t)(equals - list));
    text[equals - list] = '\0';
    *port = (unsigned)strtoul(equals + 1, NULL, 10);
    return list[bytes] == ',' ? list + bytes + 1 : list + bytes;
}

unsigned list_port(const char *list, const char *text)
{
    char entry[ADDRESS_TEXT];
    unsigned port;

    while ((list = next_entry(list, entry, &port)) != NULL)
        if (strcmp(entry, text) == 0)
            return port;
    return 0;
}

unsigned list_port_of_any(const char *list, const char *text)
{
    char entry[ADDRESS_TEXT];
    unsigned port;
    unsigned exact = list_port(list, text);
    const char *own = strrchr(text, ':');

    if (exact != 0 || own == NULL || (strncmp(text, "0.0.0.0:", 8) != 0 && strncmp(text, "[::]:", 5) != 0))
        return exact;
    while ((list = next_entry(list, entry, &port)) != NULL) {
        const char *its = strrchr(entry, ':');
        if (its != NULL && strcmp(its, own) == 0)
            return port;
    }
    return 0;
}

int list_address(const char *list, unsigned wanted, char text[ADDRESS_TEXT])
{
    unsigned port;

    while ((list = next_entry(list, text, &port)) != NULL)
        if (port == wanted)
            return 0;
    return -1;
}
