/*
 * Tries what a TCP connection does through the proxy, as `interdom tunnel` promises it: a server that does as the first
 * byte of a connection says, and a client that asks for each and looks at what it gets.
 *
 *   e  takes all until the end, then sends it back, and ends
 *   r  resets the connection
 *   n  answers by one byte how many connections were reset by their client
 *   q  ends, and so does the server: nobody listens any more
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loopback.h"
#include "outcome.h"
#include "outlive.h"
#include "roles.h"

#define LARGE_BYTES 400000u
#define SMALL_BYTES 1000u
#define AT_ONCE 6
#define LOOK_US 50000
#define LOOKS 200

static void put_all(int connection, const void *bytes, size_t length)
{
    for (size_t put = 0; put < length;) {
        ssize_t part = send(connection, (const uint8_t *)bytes + put, length - put, MSG_NOSIGNAL);

        if (part <= 0)
            fail("a connection that cannot be written");
        put += (size_t)part;
    }
}

/* Reads until the end; returns how many bytes, or -1 with errno. */
static long get_all(int connection, uint8_t *bytes, size_t room)
{
    size_t got = 0;

    for (;;) {
        ssize_t part = recv(connection, bytes + got, room - got, 0);

        if (part <= 0)
            return part < 0 ? -1 : (long)got;
        got += (size_t)part;
    }
}

static void reset(int connection)
{
    struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

    setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(connection);
}

/* ---- the server ---- */

static void echo(int connection, unsigned char *resets)
{
    uint8_t *bytes = allocate(LARGE_BYTES + 1);
    long got = get_all(connection, bytes, LARGE_BYTES + 1);

    if (got < 0)
        ++*resets;
    else
        put_all(connection, bytes, (size_t)got);
    free(bytes);
}

/* Returns 0 where the server is to end. */
static int serve_one(int connection, unsigned char *resets)
{
    char word = 0;
    ssize_t got = recv(connection, &word, 1, 0);

    if (got == 1 && word == 'e')
        echo(connection, resets);
    if (got == 1 && word == 'n')
        put_all(connection, resets, 1);
    if (got == 1 && word == 'r')
        reset(connection);
    else
        close(connection);
    return word != 'q';
}

/* Option: port. It lives on. Connections are served side by side, but for the one that ends it. */
int role_tcp_server(const struct options *options)
{
    unsigned char *resets = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int listener = loopback_listen((unsigned int)option_required_number(options, "port"));

    if (resets == MAP_FAILED)
        fail("a page");
    if (fork() > 0)
        return 0;
    outlive_role("pid=%d", (int)getpid());
    for (;;) {
        int connection = loopback_accept(listener);
        char word = 0;

        if (recv(connection, &word, 1, MSG_PEEK) == 1 && word == 'q')
            return 0;
        if (fork() == 0)
            _exit(!serve_one(connection, resets));
        close(connection);
    }
}

/* ---- the client ---- */

struct caller {
    int connection;
    uint8_t *bytes;
    size_t length;
};

static int call(unsigned int port, char word)
{
    int connection = loopback_connect(port);

    if (connection < 0)
        fail("127.0.0.1:%u does not answer", port);
    put_all(connection, &word, 1);
    return connection;
}

/* Sends bytes that no other caller sends, and says that these are all. */
static struct caller ask_for_echo(unsigned int port, size_t length, unsigned int seed)
{
    struct caller caller = { .connection = call(port, 'e'), .bytes = allocate(length), .length = length };

    for (size_t i = 0; i < length; i++)
        caller.bytes[i] = (uint8_t)((i * 2654435761u + seed * 97) >> 9);
    put_all(caller.connection, caller.bytes, length);
    if (shutdown(caller.connection, SHUT_WR) != 0)
        fail("shutdown");
    return caller;
}

static void expect_echo(struct caller caller, const char *what)
{
    uint8_t *back = allocate(caller.length + 1);
    long got = get_all(caller.connection, back, caller.length + 1);

    if (got < 0)
        fail("%s", what);
    errno = 0;
    if ((size_t)got != caller.length || memcmp(back, caller.bytes, caller.length) != 0)
        fail("%s: of %zu bytes %ld came back, or not the same", what, caller.length, got);
    close(caller.connection);
    free(caller.bytes);
    free(back);
}

static void expect_reset(int connection, const char *what)
{
    uint8_t byte;
    ssize_t got = recv(connection, &byte, 1, 0);

    if (got >= 0)
        errno = 0;
    if (got >= 0 || errno != ECONNRESET)
        fail("%s: recv returned %zd and no ECONNRESET", what, got);
    close(connection);
}

/* What the server has seen reaches it a little later. */
static void expect_server_saw_reset(unsigned int port)
{
    for (int i = 0; i < LOOKS; i++) {
        int connection = call(port, 'n');
        unsigned char resets = 0;

        if (recv(connection, &resets, 1, 0) != 1)
            fail("the server does not say how many connections were reset");
        close(connection);
        if (resets == 1)
            return;
        usleep(LOOK_US);
    }
    errno = 0;
    fail("a reset by the client does not reach the server");
}

/* Options: port; sequential: how many connections are made one after another. */
int role_tcp_probe(const struct options *options)
{
    unsigned int port = (unsigned int)option_required_number(options, "port");
    unsigned long sequential = option_number(options, "sequential", 3);
    struct caller callers[AT_ONCE];

    expect_echo(ask_for_echo(port, LARGE_BYTES, 1), "half-close");
    for (unsigned int i = 0; i < AT_ONCE; i++)
        callers[i] = ask_for_echo(port, SMALL_BYTES * (i + 1), i);
    for (unsigned int i = AT_ONCE; i-- > 0;)
        expect_echo(callers[i], "several at once, ended in another order");
    expect_reset(call(port, 'r'), "reset by the server");
    {
        int connection = call(port, 'e');

        usleep(LOOK_US * 4);
        reset(connection);
    }
    expect_server_saw_reset(port);
    for (unsigned long i = 0; i < sequential; i++)
        expect_echo(ask_for_echo(port, SMALL_BYTES, (unsigned int)i), "one after another");
    close(call(port, 'q'));
    usleep(LOOK_US * 4);
    expect_reset(call(port, 'e'), "nobody listens");
    return report("as TCP");
}
