/* Exchanges over a channel: ping-pong, stream and connecting. The side that sends first measures. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "marker.h"
#include "outcome.h"
#include "payload.h"
#include "roles.h"

/* Both sides come to rest before the window opens and after it closes: what set them up must not be counted. */
#define REST_US 400000

struct exchange {
    struct channel *channel;
    struct payload payload;
    unsigned char *buffer;
    unsigned long messages; /* that are measured */
    unsigned long warmup;   /* that go before */
    int whole_messages;     /* 1: send and receive; 0: write and read as a stream */
    unsigned long wrong;    /* messages that did not arrive as they were sent */
    unsigned long work;     /* turns of an idle loop a side makes for each message */
};

static void rest(unsigned long microseconds)
{
    if (microseconds > 0 && usleep((useconds_t)microseconds) != 0)
        fail("usleep");
}

/*
 * Makes a message take longer without changing what it asks of Xen: two runs that differ in nothing else tell what comes
 * with messages from what comes with time.
 */
static void work(unsigned long turns)
{
    for (unsigned long i = 0; i < turns; i++)
        __asm__ volatile("" ::: "memory");
}

static struct exchange exchange_open(const struct options *options, int listening)
{
    const struct transport *transport = transport_named(options);
    struct exchange exchange = { 0 };
    const char *framing = option_text(options, "framing");
    size_t bytes = option_required_number(options, "message");

    exchange.messages = option_required_number(options, "count");
    exchange.warmup = option_number(options, "warmup", 16);
    exchange.work = option_number(options, "work", 0);
    exchange.whole_messages = framing == NULL || strcmp(framing, "message") == 0;
    exchange.payload = payload_create(bytes);
    exchange.buffer = allocate(bytes);
    memset(exchange.buffer, 0, bytes); /* touch it: a page fault in the window would count */
    exchange.channel = transport->open(options, listening);
    return exchange;
}

/*
 * The listener's pages cannot be taken back while the connector maps them (the kernel would keep them and count them
 * against its limit), so the listener lets go later.
 */
static void exchange_close(struct exchange *exchange, int listening)
{
    rest(listening ? 2 * REST_US : REST_US);
    exchange->channel->transport->close(exchange->channel);
    free(exchange->buffer);
    free(exchange->payload.pattern);
}

static void send_message(struct exchange *exchange, unsigned long n)
{
    struct channel *channel = exchange->channel;
    size_t bytes = exchange->payload.message_bytes;
    const void *message = payload_of(&exchange->payload, n);
    int result = exchange->whole_messages ? channel->transport->send(channel, message, bytes)
                                          : channel->transport->write(channel, message, bytes);

    if (result != 0)
        fail("message %lu could not be sent", n);
    work(exchange->work);
}

static void receive_message(struct exchange *exchange, unsigned long n)
{
    struct channel *channel = exchange->channel;
    size_t bytes = exchange->payload.message_bytes;

    if (exchange->whole_messages) {
        if (channel->transport->receive(channel, exchange->buffer, bytes) != 0)
            fail("message %lu could not be received", n);
    } else {
        for (size_t got = 0; got < bytes;) {
            long part = channel->transport->read(channel, exchange->buffer + got, bytes - got);

            if (part <= 0)
                fail("message %lu could not be read beyond byte %zu", n, got);
            got += (size_t)part;
        }
    }
    if (!payload_part_matches(&exchange->payload, n, 0, exchange->buffer, bytes))
        exchange->wrong++;
    work(exchange->work);
}

static int report_window(const struct exchange *exchange, const struct window *window)
{
    return report("messages=%lu wrong=%lu ring=%zu ns=%llu tsc=%llu", exchange->messages, exchange->wrong,
                  exchange->channel->transport->send_ring_bytes(exchange->channel),
                  (unsigned long long)window->ns, (unsigned long long)window->tsc);
}

static int report_peer(const struct exchange *exchange)
{
    return report("messages=%lu wrong=%lu ring=%zu", exchange->messages, exchange->wrong,
                  exchange->channel->transport->send_ring_bytes(exchange->channel));
}

int role_ping(const struct options *options)
{
    struct exchange exchange = exchange_open(options, 0);
    unsigned long total = exchange.warmup + exchange.messages;
    struct window window;
    int result;

    rest(REST_US + option_number(options, "delay", 0));
    for (unsigned long i = 0; i < total; i++) {
        if (i == exchange.warmup)
            window_start(&window);
        send_message(&exchange, i);
        receive_message(&exchange, i + 1);
    }
    window_stop(&window);
    result = report_window(&exchange, &window);
    exchange_close(&exchange, 0);
    return result;
}

int role_pong(const struct options *options)
{
    struct exchange exchange = exchange_open(options, 1);
    unsigned long total = exchange.warmup + exchange.messages;
    int result;

    for (unsigned long i = 0; i < total; i++) {
        receive_message(&exchange, i);
        send_message(&exchange, i + 1);
    }
    result = report_peer(&exchange);
    exchange_close(&exchange, 1);
    return result;
}

/*
 * The window closes when the receiver says that all has arrived. That word costs one message the other way, the same
 * for any number of messages, so it does not touch the slope between two numbers of messages.
 */
int role_sender(const struct options *options)
{
    struct exchange exchange = exchange_open(options, 0);
    struct channel *channel = exchange.channel;
    unsigned long total = exchange.warmup + exchange.messages;
    struct window window;
    unsigned char done = 0;
    int result;

    rest(REST_US + option_number(options, "delay", 0));
    for (unsigned long i = 0; i < total; i++) {
        if (i == exchange.warmup)
            window_start(&window);
        send_message(&exchange, i);
    }
    if (channel->transport->receive(channel, &done, 1) != 0)
        fail("the receiver did not say that all arrived");
    window_stop(&window);
    errno = 0;
    if (done != 'k')
        fail("the receiver said %d instead of that all arrived", done);
    result = report_window(&exchange, &window);
    exchange_close(&exchange, 0);
    return result;
}

int role_receiver(const struct options *options)
{
    struct exchange exchange = exchange_open(options, 1);
    struct channel *channel = exchange.channel;
    unsigned long total = exchange.warmup + exchange.messages;
    int result;

    for (unsigned long i = 0; i < total; i++)
        receive_message(&exchange, i);
    if (channel->transport->send(channel, "k", 1) != 0)
        fail("could not say that all arrived");
    result = report_peer(&exchange);
    exchange_close(&exchange, 1);
    return result;
}

/* ---- setting a connection up ---- */

/* Connects once, when the listener is there, and says so by one byte. The window is the connecting alone. */
int role_connect(const struct options *options)
{
    const struct transport *transport = transport_named(options);
    struct channel *channel;
    struct window window;
    int result;

    rest(2 * REST_US + option_number(options, "delay", 0));
    window_start(&window);
    channel = transport->open(options, 0);
    window_stop(&window);
    if (transport->send(channel, "k", 1) != 0)
        fail("could not say that the connection stands");
    result = report("messages=0 wrong=0 ring=%zu ns=%llu tsc=%llu", transport->send_ring_bytes(channel),
                    (unsigned long long)window.ns, (unsigned long long)window.tsc);
    rest(REST_US);
    transport->close(channel);
    return result;
}

int role_accept(const struct options *options)
{
    const struct transport *transport = transport_named(options);
    struct channel *channel = transport->open(options, 1);
    unsigned char word;
    int result;

    if (transport->receive(channel, &word, 1) != 0)
        fail("nobody connected");
    result = report("messages=0 wrong=0 ring=%zu", transport->send_ring_bytes(channel));
    rest(2 * REST_US);
    transport->close(channel);
    return result;
}
