/*
 * A socket proxy between two guests, as `interdom tunnel` is one between two live domains: what is accepted on the one
 * side's loopback is dialled on the other's. Each connection has a channel of its own and a process of its own, on either
 * side; they are numbered in the order in which they were accepted.
 *
 * The dialling side is the listening end of the channels: it always has one ready for the connection that comes next.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xenevtchn.h>

#include "channel.h"
#include "loopback.h"
#include "outcome.h"
#include "outlive.h"
#include "relay.h"
#include "roles.h"
#include "store.h"

#define MOST_TOLD 64
#define MOST_WORDS 24
/* The other side lets go of what it has mapped before it is taken back; one that has crashed never does. */
#define LETTING_GO_MS 2000
#define LETTING_GO_STEP_MS 100
#define AGAIN_US 100000

struct proxy {
    const struct options *options;
    const char *name; /* of all its channels, followed by their numbers */
    const struct transport *transport;
    xenevtchn_handle *common_events; /* NULL where each channel has its own */
    int told[MOST_TOLD];             /* pipes to the processes that are told of those; -1: free */
};

/* ---- the processes of connections ---- */

/* The words of the role, and before them what belongs to this connection. */
static struct options options_of(const struct proxy *proxy, unsigned long number, int virq_from)
{
    static char own[3][192];
    static char *words[MOST_WORDS];
    int count = 0;

    errno = 0;
    if (proxy->options->count + 3 > MOST_WORDS)
        fail("more than %d words", MOST_WORDS - 3);
    snprintf(own[0], sizeof own[0], "name=%sn%lu", proxy->name, number);
    snprintf(own[1], sizeof own[1], "path=%s/%lu", option_required(proxy->options, "path"), number);
    snprintf(own[2], sizeof own[2], "virq_from=%d", virq_from);
    for (int i = 0; i < (virq_from < 0 ? 2 : 3); i++)
        words[count++] = own[i];
    for (int i = 0; i < proxy->options->count; i++)
        words[count++] = proxy->options->words[i];
    return (struct options){ .count = count, .words = words };
}

/* The end that owns what is shared goes last. */
static void await_letting_go(struct channel *channel)
{
    uint8_t nothing[64];

    for (int waited = 0; waited < LETTING_GO_MS; waited += LETTING_GO_STEP_MS) {
        if (channel->transport->try_read(channel, nothing, sizeof nothing) < 0)
            return;
        channel->transport->wait(channel, LETTING_GO_STEP_MS);
    }
}

struct target {
    unsigned int port;
    int stands; /* pipe: the parent is told when the connection stands */
};

static void tell_that_it_stands(int pipe_end)
{
    if (write(pipe_end, "s", 1) != 1)
        fail("pipe");
    close(pipe_end);
}

static int dial(void *context)
{
    const struct target *target = context;

    tell_that_it_stands(target->stands);
    return loopback_connect(target->port);
}

static void carry_accepted(const struct proxy *proxy, const struct options *options, int connection, int stands)
{
    struct channel *channel = proxy->transport->open(options, 0);

    tell_that_it_stands(stands);
    relay_carry(channel, connection, NULL, NULL);
    channel->transport->close(channel);
}

static void carry_dialled(const struct proxy *proxy, const struct options *options, int stands)
{
    struct target target = { .port = (unsigned int)option_required_number(options, "to"), .stands = stands };
    struct channel *channel = proxy->transport->open(options, 1);

    if (relay_carry(channel, -1, dial, &target) == RELAY_DONE)
        await_letting_go(channel);
    channel->transport->close(channel);
    /* libvchan leaves its nodes behind, and a domain may have a thousand. */
    store_remove(option_required(options, "path"));
}

/* A pipe whose writing end is the parent's, for events that it takes for all. Returns the reading end, or -1. */
static int pipe_for_events(struct proxy *proxy, int *writer)
{
    int ends[2];

    *writer = -1;
    if (proxy->common_events == NULL)
        return -1;
    if (pipe2(ends, O_CLOEXEC) != 0 || fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0)
        fail("pipe");
    *writer = ends[1];
    return ends[0];
}

static void remember(struct proxy *proxy, int writer)
{
    for (int i = 0; i < MOST_TOLD; i++) {
        if (proxy->told[i] < 0) {
            proxy->told[i] = writer;
            return;
        }
    }
    errno = 0;
    fail("more than %d connections over %s at once", MOST_TOLD, proxy->transport->name);
}

/* Starts the process of a connection. Returns 1 in it, with its options; 0 in the parent. */
static int start_process(struct proxy *proxy, unsigned long number, struct options *options)
{
    int writer;
    int reader = pipe_for_events(proxy, &writer);
    pid_t child = fork();

    if (child < 0)
        fail("fork");
    if (child == 0) {
        if (proxy->common_events != NULL)
            xenevtchn_close(proxy->common_events); /* the binding stays with the parent's descriptor */
        for (int i = 0; i < MOST_TOLD; i++) {
            if (proxy->told[i] >= 0)
                close(proxy->told[i]);
        }
        if (writer >= 0)
            close(writer);
        store_open_own();
        *options = options_of(proxy, number, reader);
        return 1;
    }
    if (writer >= 0) {
        close(reader);
        remember(proxy, writer);
    }
    return 0;
}

/* ---- the process that starts them ---- */

static void tell_all(struct proxy *proxy)
{
    xenevtchn_port_or_error_t port = xenevtchn_pending(proxy->common_events);

    if (port < 0 || xenevtchn_unmask(proxy->common_events, (evtchn_port_t)port) != 0)
        fail("the domain's event channel for %s", proxy->transport->name);
    for (int i = 0; i < MOST_TOLD; i++) {
        if (proxy->told[i] < 0 || write(proxy->told[i], "v", 1) == 1 || errno == EAGAIN)
            continue;
        close(proxy->told[i]); /* its process has ended */
        proxy->told[i] = -1;
    }
}

/* Waits until the descriptor can be read; takes the domain's events meanwhile. */
static void await_readable(struct proxy *proxy, int descriptor)
{
    struct pollfd ready[2] = { { .fd = descriptor, .events = POLLIN }, { .fd = -1, .events = POLLIN } };

    if (proxy->common_events != NULL)
        ready[1].fd = xenevtchn_fd(proxy->common_events);
    for (;;) {
        if (poll(ready, 2, -1) < 0 && errno != EINTR)
            fail("poll");
        if (ready[1].revents != 0)
            tell_all(proxy);
        if (ready[0].revents != 0)
            return;
    }
}

/*
 * Starts the process of the connection with that number, and waits until it stands: both sides count alike only if what
 * failed is not counted. Returns 1 if so. `connection` is what was accepted; -1 on the side that dials.
 */
static int start_connection(struct proxy *proxy, unsigned long number, int connection)
{
    struct options options;
    int stands[2];
    char word;
    int result;

    if (pipe2(stands, O_CLOEXEC) != 0)
        fail("pipe");
    if (start_process(proxy, number, &options)) {
        close(stands[0]);
        if (connection >= 0)
            carry_accepted(proxy, &options, connection, stands[1]);
        else
            carry_dialled(proxy, &options, stands[1]);
        exit(0);
    }
    close(stands[1]);
    await_readable(proxy, stands[0]);
    result = read(stands[0], &word, 1) == 1;
    close(stands[0]);
    return result;
}

static void accept_connections(struct proxy *proxy, int listener)
{
    for (unsigned long number = 1;;) {
        int connection;

        await_readable(proxy, listener);
        connection = loopback_accept(listener);
        if (connection < 0)
            continue;
        number += (unsigned long)start_connection(proxy, number, connection);
        close(connection);
    }
}

/* A listening end to which nobody came in the time that its transport gives it is replaced by another. */
static void dial_connections(struct proxy *proxy)
{
    for (unsigned long number = 1;;) {
        if (start_connection(proxy, number, -1))
            number++;
        else
            usleep(AGAIN_US);
    }
}

static int live(const struct options *options)
{
    struct proxy proxy = { .options = options, .transport = transport_named(options) };
    unsigned int port = (unsigned int)option_number(options, "listen", 0);
    int listener = -1;

    proxy.name = option_required(options, "name");
    for (int i = 0; i < MOST_TOLD; i++)
        proxy.told[i] = -1;
    if (port != 0)
        listener = loopback_listen(port);
    if (proxy.transport->common_events != NULL)
        proxy.common_events = proxy.transport->common_events();
    signal(SIGCHLD, SIG_IGN); /* nobody waits for those processes */
    signal(SIGPIPE, SIG_IGN);
    outlive_role("pid=%d", (int)getpid());
    if (port != 0)
        accept_connections(&proxy, listener);
    else
        dial_connections(&proxy);
    return 0;
}

/*
 * Options: listen=PORT on the side that accepts, to=PORT on the side that dials; name and path of all its channels; those
 * of the transport. Answers with the process to be stopped.
 */
int role_proxy(const struct options *options)
{
    pid_t child = fork();

    if (child < 0)
        fail("fork");
    return child > 0 ? 0 : live(options);
}

/* What the proxy's last listening end, which nobody came to, leaves behind in xenstore. */
static void forget(const char *name)
{
    unsigned int count;
    char **nodes = store_list("data", &count);

    for (unsigned int i = 0; nodes != NULL && i < count; i++) {
        if (strstr(nodes[i], name) != NULL)
            store_remove(store_path("data", nodes[i]));
    }
    free(nodes);
}

/* Options: pid, of a program that lives on; name, of its channels. */
int role_stop(const struct options *options)
{
    pid_t leader = (pid_t)option_required_number(options, "pid");

    if (kill(-leader, SIGKILL) != 0)
        fail("process group %d", (int)leader);
    forget(option_required(options, "name"));
    return report("stopped");
}
