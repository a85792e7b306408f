/*
 * The way between a port of the loopback and a UNIX socket, for a program that has UNIX sockets only.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "loopback.h"
#include "outcome.h"
#include "outlive.h"
#include "roles.h"

#define BACKLOG 16
#define PIECE_BYTES 65536

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    return address;
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = address_of(path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    unlink(path);
    errno = 0;
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, BACKLOG) != 0)
        fail("%s cannot be listened at", path);
    return listener;
}

static int dial(const char *path)
{
    struct sockaddr_un address = address_of(path);
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (connection < 0 || connect(connection, (struct sockaddr *)&address, sizeof address) == 0)
        return connection;
    close(connection);
    return -1;
}

/* Carries one direction to its end, which it passes on, in a process of its own. */
static void carry(int from, int to, useconds_t pause_us)
{
    static char bytes[PIECE_BYTES];
    pid_t child = fork();
    ssize_t got;

    if (child < 0)
        fail("fork");
    if (child > 0)
        return;
    if (pause_us > 0 && usleep(pause_us) != 0)
        fail("usleep");
    while ((got = read(from, bytes, sizeof bytes)) > 0) {
        for (ssize_t put = 0; put < got;) {
            ssize_t part = send(to, bytes + put, (size_t)(got - put), MSG_NOSIGNAL);

            if (part <= 0)
                _exit(1);
            put += part;
        }
    }
    shutdown(to, SHUT_WR); /* it may have gone already */
    _exit(0);
}

/*
 * Options: socket (path); to=PORT: what is accepted there is dialled at that port, or listen=PORT: the other way;
 * pause (milliseconds before the first bytes of each connection go on). It lives on.
 */
int role_forward(const struct options *options)
{
    unsigned int entrance = (unsigned int)option_number(options, "listen", 0);
    const char *path = option_required(options, "socket");
    int listener = entrance != 0 ? loopback_listen(entrance) : listen_at(path);
    useconds_t pause_us = (useconds_t)option_number(options, "pause", 0) * 1000;
    pid_t child = fork();

    if (child < 0)
        fail("fork");
    if (child > 0)
        return 0;
    signal(SIGCHLD, SIG_IGN);
    outlive_role("pid=%d", (int)getpid());
    for (;;) {
        int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        int dialled = -1;

        if (accepted >= 0)
            dialled = entrance != 0 ? dial(path) : loopback_connect((unsigned int)option_required_number(options, "to"));
        if (dialled >= 0) {
            carry(accepted, dialled, pause_us);
            carry(dialled, accepted, 0);
            close(dialled);
        }
        if (accepted >= 0)
            close(accepted);
    }
}
