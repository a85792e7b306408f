#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frames.h"
#include "outcome.h"

/* Most bytes that are on their way within this program, each way. */
#define PIECE_BYTES 65536u

struct relay {
    struct channel *channel;
    int socket; /* -1 until the target was dialled */
    /* From the socket: a frame that the transport has not wholly taken. */
    uint8_t out[FRAME_HEADER_BYTES + PIECE_BYTES];
    size_t out_at;
    size_t out_bytes;
    int socket_ended;
    /* From the channel: frames that the socket has not wholly taken. */
    uint8_t in[PIECE_BYTES];
    size_t in_at;
    size_t in_bytes;
    struct frame_reader reader;
    int peer_came;
    int peer_ended; /* and the socket was told */
    int moved;      /* something, in this turn */
};

enum step { GOES_ON, BROKEN };

static void put_frame(struct relay *relay, enum frame_kind kind, size_t bytes)
{
    frame_write_header(relay->out, kind, bytes);
    relay->out_at = 0;
    relay->out_bytes = FRAME_HEADER_BYTES + bytes;
}

static int would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* The next piece of the socket becomes a frame. */
static enum step read_socket(struct relay *relay)
{
    ssize_t got;

    if (relay->socket < 0 || relay->socket_ended || relay->out_at < relay->out_bytes)
        return GOES_ON;
    got = read(relay->socket, relay->out + FRAME_HEADER_BYTES, PIECE_BYTES);
    if (got < 0)
        return would_block() ? GOES_ON : BROKEN;
    relay->moved = 1;
    relay->socket_ended = got == 0;
    put_frame(relay, got == 0 ? FRAME_END : FRAME_DATA, (size_t)got);
    return GOES_ON;
}

static enum step write_channel(struct relay *relay)
{
    long put;

    if (relay->out_at == relay->out_bytes)
        return GOES_ON;
    put = relay->channel->transport->try_write(relay->channel, relay->out + relay->out_at, relay->out_bytes - relay->out_at);
    if (put < 0)
        return BROKEN;
    relay->out_at += (size_t)put;
    relay->moved |= put > 0;
    return GOES_ON;
}

static enum step read_channel(struct relay *relay)
{
    long got;

    if (relay->in_at < relay->in_bytes || relay->reader.ended)
        return GOES_ON;
    got = relay->channel->transport->try_read(relay->channel, relay->in, PIECE_BYTES);
    if (got < 0)
        return BROKEN;
    relay->in_at = 0;
    relay->in_bytes = (size_t)got;
    relay->moved |= got > 0;
    relay->peer_came |= got > 0;
    return GOES_ON;
}

static enum step write_socket(struct relay *relay)
{
    while (relay->in_at < relay->in_bytes) {
        size_t left = relay->in_bytes - relay->in_at;
        long skipped = frame_skip_headers(&relay->reader, relay->in + relay->in_at, left);
        ssize_t put;

        if (skipped < 0)
            return BROKEN;
        relay->in_at += (size_t)skipped;
        left -= (size_t)skipped;
        if (left == 0)
            break;
        if (relay->socket < 0)
            return GOES_ON;
        if (left > relay->reader.left)
            left = relay->reader.left;
        put = send(relay->socket, relay->in + relay->in_at, left, MSG_NOSIGNAL);
        if (put < 0)
            return would_block() ? GOES_ON : BROKEN;
        relay->moved = 1;
        relay->in_at += (size_t)put;
        relay->reader.left -= (size_t)put;
    }
    if (relay->reader.ended && !relay->peer_ended && relay->socket >= 0) {
        relay->peer_ended = 1;
        relay->moved = 1;
        if (shutdown(relay->socket, SHUT_WR) != 0)
            return BROKEN;
    }
    return GOES_ON;
}

/* Waits until one of the four steps can go further. */
static enum step await(struct relay *relay)
{
    struct pollfd ready[1 + CHANNEL_DESCRIPTORS];
    int descriptors[CHANNEL_DESCRIPTORS];
    int count = relay->channel->transport->descriptors(relay->channel, descriptors);
    int from_channel = 0;

    ready[0] = (struct pollfd){ .fd = relay->socket };
    if (!relay->socket_ended && relay->out_at == relay->out_bytes)
        ready[0].events |= POLLIN;
    if (relay->in_at < relay->in_bytes)
        ready[0].events |= POLLOUT;
    if (ready[0].events == 0)
        ready[0].fd = -1; /* a socket that has hung up would wake this program for ever */
    for (int i = 0; i < count; i++)
        ready[1 + i] = (struct pollfd){ .fd = descriptors[i], .events = POLLIN };
    if (poll(ready, 1 + (nfds_t)count, -1) < 0)
        return errno == EINTR ? GOES_ON : BROKEN;
    for (int i = 0; i < count; i++)
        from_channel |= ready[1 + i].revents;
    if (from_channel != 0 && relay->channel->transport->wait(relay->channel, 0) != 0)
        return BROKEN;
    return GOES_ON;
}

static int both_have_ended(const struct relay *relay)
{
    return relay->peer_ended && relay->socket_ended && relay->out_at == relay->out_bytes;
}

static enum step move_what_can_be(struct relay *relay)
{
    do {
        relay->moved = 0;
        if (read_socket(relay) == BROKEN || write_channel(relay) == BROKEN || read_channel(relay) == BROKEN ||
            write_socket(relay) == BROKEN)
            return BROKEN;
    } while (relay->moved && !both_have_ended(relay));
    return GOES_ON;
}

/* Whoever is at the other end of the socket sees a reset: SO_LINGER of 0 seconds sends one. */
static void reset_socket(int connection)
{
    struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

    setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static void take_socket(struct relay *relay, int connection)
{
    int flags = fcntl(connection, F_GETFL);

    if (flags < 0 || fcntl(connection, F_SETFL, flags | O_NONBLOCK) != 0)
        fail("a socket that does not block");
    relay->socket = connection;
}

static enum step dial_target(struct relay *relay, int (*dial)(void *context), void *context)
{
    int connection = dial(context);

    if (connection < 0)
        return BROKEN;
    take_socket(relay, connection);
    return GOES_ON;
}

enum relay_end relay_carry(struct channel *channel, int connection, int (*dial)(void *context), void *context)
{
    struct relay *relay = allocate(sizeof *relay);
    enum relay_end end;
    enum step step;

    memset(relay, 0, sizeof *relay); /* touched: a page fault later would count */
    relay->channel = channel;
    relay->socket = -1;
    if (dial == NULL) {
        take_socket(relay, connection);
        /* A frame of no bytes: the peer shall know that it has one, and dial, before any data comes. */
        put_frame(relay, FRAME_DATA, 0);
    }
    do {
        step = move_what_can_be(relay);
        if (step == GOES_ON && relay->socket < 0 && relay->peer_came) {
            step = dial_target(relay, dial, context);
            if (step == GOES_ON)
                continue;
        }
        if (step == GOES_ON && !both_have_ended(relay))
            step = await(relay);
    } while (step == GOES_ON && !both_have_ended(relay));
    end = both_have_ended(relay) ? RELAY_DONE : RELAY_RESET;
    if (relay->socket >= 0) {
        if (end == RELAY_RESET)
            reset_socket(relay->socket);
        close(relay->socket);
    }
    return end;
}
