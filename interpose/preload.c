/*
 * Takes the place of libc's socket calls in an unmodified program (LD_PRELOAD), as the V4V proposal's interposer did: a TCP
 * connection to one of the chosen addresses goes to the relay, which carries it over a transport, and a server at one of the
 * chosen addresses is reached over the transport only. All else is left alone.
 *
 * The program keeps its own TCP socket: only the address is another, a port of the loopback device. So read, write, poll,
 * epoll, select, sendfile, shutdown, dup, fork, exec, passing it on, options, resets and errors are the kernel's own, and
 * this library keeps nothing of a socket: which address a port stands for is in the environment.
 *
 *   INTERDOM_PRELOAD_CONNECT  where connections lead: "192.0.2.1:22=40001,[2001:db8::1]:22=40002"
 *   INTERDOM_PRELOAD_LISTEN   where servers are put: "192.0.2.1:80=40003"
 *   INTERDOM_PRELOAD_TOKEN    what the relay is told first: ports of loopback are open to everybody of this host
 *
 * Towards the relay: the token and a newline; it answers "0\n", or the errno of the far end's connect. Then bytes follow.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "address.h"

/* As long as Linux tries to connect a TCP socket. */
#define CONNECT_TIMEOUT_MS 127000
#define TOKEN_BYTES 80

/* The functions that this library stands before. */
static struct {
    __typeof__(&connect) connect;
    __typeof__(&bind) bind;
    __typeof__(&sendto) sendto;
    __typeof__(&sendmsg) sendmsg;
    __typeof__(&getpeername) getpeername;
    __typeof__(&getsockname) getsockname;
} next;

/* Read once: a program may clear its environment. */
static char *connects, *listens;
static char token[TOKEN_BYTES];

/*
 * All at once, before the program begins: these calls may be made by a handler of signals, or by a child that was forked while
 * another thread held the lock of the dynamic linker. Constructors of other libraries may come before, but have no threads.
 */
static void find_next(void)
{
    next.connect = dlsym(RTLD_NEXT, "connect");
    next.bind = dlsym(RTLD_NEXT, "bind");
    next.sendto = dlsym(RTLD_NEXT, "sendto");
    next.sendmsg = dlsym(RTLD_NEXT, "sendmsg");
    next.getpeername = dlsym(RTLD_NEXT, "getpeername");
    next.getsockname = dlsym(RTLD_NEXT, "getsockname");
}

#define NEXT(name) (next.name == NULL ? find_next() : (void)0, next.name)

__attribute__((constructor)) static void begin(void)
{
    find_next();

    const char *text = getenv("INTERDOM_PRELOAD_CONNECT");

    connects = strdup(text == NULL ? "" : text);
    text = getenv("INTERDOM_PRELOAD_LISTEN");
    listens = strdup(text == NULL ? "" : text);
    text = getenv("INTERDOM_PRELOAD_TOKEN");
    snprintf(token, sizeof token, "%s\n", text == NULL ? "" : text);
}

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until fd is ready, also where it is non-blocking. Returns 0, or an errno. */
static int wait_for(int fd, short events, long long end)
{
    for (;;) {
        struct pollfd ready = { .fd = fd, .events = events };
        long long left = end - now_ms();
        int n = left <= 0 ? 0 : poll(&ready, 1, (int)left);
        if (n > 0)
            return 0;
        if (n == 0)
            return ETIMEDOUT;
        if (errno != EINTR)
            return errno;
    }
}

/* Connects fd to the relay, also where it is non-blocking. Returns 0, or an errno. */
static int reach_relay(int fd, const struct sockaddr *address, socklen_t length, long long end)
{
    int error = 0;
    socklen_t bytes = sizeof error;

    if (NEXT(connect)(fd, address, length) == 0)
        return 0;
    /* A signal came: the kernel goes on connecting. */
    if (errno != EINPROGRESS && errno != EINTR)
        return errno;
    if ((error = wait_for(fd, POLLOUT, end)) != 0)
        return error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) == 0 ? error : errno;
}

/* A fresh socket has room for it. Returns 0, or an errno. */
static int say_token(int fd)
{
    ssize_t bytes = send(fd, token, strlen(token), MSG_NOSIGNAL);

    if (bytes < 0)
        return errno;
    return (size_t)bytes == strlen(token) ? 0 : EPROTO;
}

/* Reads the relay's answer, a line with a number, byte by byte: what follows it belongs to the program. */
static int read_answer(int fd, long long end)
{
    char text[8];
    size_t got = 0;

    while (got < sizeof text - 1) {
        int error = wait_for(fd, POLLIN, end);
        if (error != 0)
            return error;
        ssize_t bytes = recv(fd, text + got, 1, MSG_DONTWAIT);
        if (bytes < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (bytes <= 0)
            return ECONNREFUSED;
        if (text[got] == '\n') {
            text[got] = '\0';
            return atoi(text);
        }
        got++;
    }
    return EPROTO;
}

/* Where a stream socket's connection to `address` leads: a port of this host; 0 where it is none of ours. */
static unsigned chosen_port(int fd, const struct sockaddr *address, socklen_t length)
{
    char text[ADDRESS_TEXT];
    int type = 0;
    socklen_t bytes = sizeof type;

    if (connects == NULL || address == NULL || length < sizeof address->sa_family ||
        address_to_text(address, length, text) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &bytes) != 0 || type != SOCK_STREAM)
        return 0;
    return list_port(connects, text);
}

/* Connects the program's socket through the relay; -1 and errno as TCP would have it. */
static int connect_chosen(int fd, int family, unsigned port)
{
    static const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
    static const int off = 0;
    struct sockaddr_storage relay;
    long long end = now_ms() + CONNECT_TIMEOUT_MS;

    /* The relay has an address of IPv4. */
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    socklen_t length = address_of_loopback(family, 0, port, &relay);
    int error = reach_relay(fd, (struct sockaddr *)&relay, length, end);
    /* It was connected before, or does so just now. */
    if (error == EISCONN || error == EALREADY) {
        errno = error;
        return -1;
    }
    if (error == 0)
        error = say_token(fd);
    if (error == 0)
        error = read_answer(fd, end);
    if (error == 0)
        return 0;
    /* The socket is as it was: the program may try again with it. */
    NEXT(connect)(fd, &nowhere, sizeof nowhere);
    errno = error;
    return -1;
}

int connect(int fd, const struct sockaddr *address, socklen_t length)
{
    unsigned port = chosen_port(fd, address, length);

    return port == 0 ? NEXT(connect)(fd, address, length) : connect_chosen(fd, address->sa_family, port);
}

/* TCP Fast Open connects and sends in one call. */
ssize_t sendto(int fd, const void *bytes, size_t count, int flags, const struct sockaddr *address, socklen_t length)
{
    unsigned port = (flags & MSG_FASTOPEN) == 0 ? 0 : chosen_port(fd, address, length);

    if (port == 0)
        return NEXT(sendto)(fd, bytes, count, flags, address, length);
    if (connect_chosen(fd, address->sa_family, port) != 0)
        return -1;
    return NEXT(sendto)(fd, bytes, count, flags & ~MSG_FASTOPEN, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    unsigned port = (flags & MSG_FASTOPEN) == 0 ? 0 : chosen_port(fd, message->msg_name, message->msg_namelen);
    struct msghdr rest;

    if (port == 0)
        return NEXT(sendmsg)(fd, message, flags);
    if (connect_chosen(fd, ((struct sockaddr *)message->msg_name)->sa_family, port) != 0)
        return -1;
    rest = *message;
    rest.msg_name = NULL;
    rest.msg_namelen = 0;
    return NEXT(sendmsg)(fd, &rest, flags & ~MSG_FASTOPEN);
}

/* A server at a chosen address listens where only the other domain knows it. */
int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    char text[ADDRESS_TEXT];
    struct sockaddr_storage elsewhere;
    int type = 0, v6_only = 0;
    socklen_t bytes = sizeof type;

    if (listens == NULL || address == NULL || length < sizeof address->sa_family ||
        address_to_text(address, length, text) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &bytes) != 0 || type != SOCK_STREAM)
        return NEXT(bind)(fd, address, length);
    unsigned port = list_port_of_any(listens, text);
    if (port == 0)
        return NEXT(bind)(fd, address, length);
    bytes = sizeof v6_only;
    if (address->sa_family == AF_INET6)
        getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, &bytes);
    length = address_of_loopback(address->sa_family, v6_only, port, &elsewhere);
    return NEXT(bind)(fd, (struct sockaddr *)&elsewhere, length);
}

/* What the kernel has answered, or the address for which it stands. */
static int answer(int result, const struct sockaddr_storage *name, socklen_t bytes, const char *list,
                  struct sockaddr *address, socklen_t *length)
{
    struct sockaddr_storage chosen;
    char text[ADDRESS_TEXT];
    const char *port;

    if (result != 0)
        return result;
    if (list != NULL && address_to_text((const struct sockaddr *)name, bytes, text) == 0 &&
        (strncmp(text, "127.0.0.1:", 10) == 0 || strncmp(text, "[::1]:", 6) == 0) &&
        (port = strrchr(text, ':')) != NULL && list_address(list, (unsigned)atoi(port + 1), text) == 0) {
        socklen_t own = address_from_text(text, name->ss_family, &chosen);
        if (own != 0) {
            name = &chosen;
            bytes = own;
        }
    }
    memcpy(address, name, *length < bytes ? *length : bytes);
    *length = bytes;
    return 0;
}

int getpeername(int fd, struct sockaddr *address, socklen_t *length)
{
    struct sockaddr_storage name;
    socklen_t bytes = sizeof name;
    int result;

    if (address == NULL || length == NULL)
        return NEXT(getpeername)(fd, address, length);
    result = NEXT(getpeername)(fd, (struct sockaddr *)&name, &bytes);
    return answer(result, &name, bytes, connects, address, length);
}

int getsockname(int fd, struct sockaddr *address, socklen_t *length)
{
    struct sockaddr_storage name;
    socklen_t bytes = sizeof name;
    int result;

    if (address == NULL || length == NULL)
        return NEXT(getsockname)(fd, address, length);
    result = NEXT(getsockname)(fd, (struct sockaddr *)&name, &bytes);
    return answer(result, &name, bytes, listens, address, length);
}
