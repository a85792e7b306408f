/*
 * V2V as a channel. How payload goes is the option "grant":
 *
 *   persistent    it is copied into the ring, which stays mapped: V2V itself, with its layer for streams
 *   per-transfer  it lies in pages that the record names by their grants (channel_v2v_grants.c)
 *   copy          as per-transfer, but the hypervisor copies and nothing is mapped
 *
 * Public sources: OpenXT xc-windows, xenuser/v2v/v2v.c and stream.c.
 */
#include "channel_v2v.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "outcome.h"

static struct v2v_channel *v2v_of(struct channel *channel)
{
    return (struct v2v_channel *)channel;
}

static int notify(struct v2v_channel *self, evtchn_port_t port)
{
    return xenevtchn_notify(self->link.events, port);
}

int v2v_flush(struct v2v_channel *self)
{
    return v2v_ring_flush(&self->link.ring) ? notify(self, self->link.send_port) : 0;
}

int v2v_finish(struct v2v_channel *self)
{
    return v2v_ring_finish(&self->link.ring) ? notify(self, self->link.receive_port) : 0;
}

static enum v2v_grant_mode grant_mode_of(const struct options *options)
{
    const char *mode = option_text(options, "grant");

    if (mode == NULL || strcmp(mode, "persistent") == 0)
        return V2V_PERSISTENT;
    if (strcmp(mode, "per-transfer") == 0)
        return V2V_PER_TRANSFER;
    errno = 0;
    if (strcmp(mode, "copy") != 0)
        fail("no grant mode \"%s\"", mode);
    return V2V_COPY;
}

static struct channel *v2v_open(const struct options *options, int listening)
{
    struct v2v_channel *self = allocate(sizeof *self);

    memset(self, 0, sizeof *self);
    self->channel.transport = &v2v_transport;
    self->mode = grant_mode_of(options);
    self->buffer_pages = v2v_pages_for(option_number(options, "ring", V2V_PAGE_BYTES));
    /* A ring that only names pages has room enough in one page. */
    v2v_link_open(&self->link, options, listening, self->mode == V2V_PERSISTENT ? self->buffer_pages : 1);
    if (self->mode != V2V_PERSISTENT)
        v2v_transfers_open(self);
    return &self->channel;
}

/* ---- whole messages ---- */

static int v2v_send(struct channel *channel, const void *message, size_t bytes)
{
    struct v2v_channel *self = v2v_of(channel);
    struct v2v_ring *ring = &self->link.ring;
    void *place;

    if (bytes > v2v_ring_limit(self->buffer_pages * V2V_PAGE_BYTES)) {
        errno = EMSGSIZE;
        return -1;
    }
    if (self->mode != V2V_PERSISTENT)
        return v2v_transfer_send(self, message, bytes);
    while ((place = v2v_ring_prepare(ring, V2V_DATA, bytes)) == NULL) {
        if (v2v_link_wait(&self->link) != 0)
            return -1;
    }
    memcpy(place, message, bytes);
    return v2v_flush(self);
}

/* The next record of data, waiting for it as long as it takes. NULL with errno where that fails. */
static const void *next_data(struct v2v_channel *self, size_t *bytes)
{
    for (;;) {
        uint8_t type;
        const void *record = v2v_ring_get(&self->link.ring, &type, bytes);

        if (record == NULL) {
            if (v2v_link_wait(&self->link) != 0)
                return NULL;
        } else if (type == V2V_DATA) {
            return record;
        } else {
            errno = EBADMSG;
            return NULL;
        }
    }
}

static int v2v_receive(struct channel *channel, void *message, size_t bytes)
{
    struct v2v_channel *self = v2v_of(channel);
    const void *record;
    size_t record_bytes;

    if (self->mode != V2V_PERSISTENT)
        return v2v_transfer_receive(self, message, bytes);
    record = next_data(self, &record_bytes);
    if (record == NULL)
        return -1;
    if (record_bytes != bytes) {
        errno = EMSGSIZE;
        return -1;
    }
    memcpy(message, record, bytes);
    return v2v_finish(self);
}

/* ---- streams ---- */

/* A piece as large as the room allows; a small one, announced before it is copied, where the receiver waits for it. */
static int write_piece(struct v2v_channel *self, const void *bytes, size_t length)
{
    struct v2v_ring *ring = &self->link.ring;
    int peer_waits = v2v_ring_peer_waits(ring);
    size_t piece = peer_waits && length > V2V_PIECE_FOR_WAITING_PEER ? V2V_PIECE_FOR_WAITING_PEER : length;
    void *place = v2v_ring_prepare(ring, V2V_DATA, piece);

    errno = EPROTO;
    if (place == NULL)
        return -1; /* there was room: the peer's index went back */
    if (peer_waits && v2v_ring_announce(ring) && notify(self, self->link.send_port) != 0)
        return -1;
    memcpy(place, bytes, piece);
    return v2v_flush(self) == 0 ? (int)piece : -1;
}

/* Writes what there is room for; returns how much, or -1 with errno. */
static long write_what_fits(struct v2v_channel *self, const void *bytes, size_t length)
{
    size_t written = 0;

    errno = ENOTSUP;
    if (self->mode != V2V_PERSISTENT)
        return -1;
    while (written < length) {
        size_t room = v2v_ring_stream_room(&self->link.ring);
        size_t left = length - written;
        int piece;

        if (room == 0)
            break;
        piece = write_piece(self, (const uint8_t *)bytes + written, room < left ? room : left);
        if (piece < 0)
            return -1;
        written += (size_t)piece;
    }
    return (long)written;
}

static int v2v_write(struct channel *channel, const void *bytes, size_t length)
{
    struct v2v_channel *self = v2v_of(channel);

    for (;;) {
        long written = write_what_fits(self, bytes, length);

        if (written < 0)
            return -1;
        bytes = (const uint8_t *)bytes + written;
        length -= (size_t)written;
        if (length == 0)
            return 0;
        if (v2v_link_wait(&self->link) != 0)
            return -1;
    }
}

/* Fetches the next record if none is begun. 1: there is one; 0: there is none now; -1 with errno. */
static int begin_record(struct v2v_channel *self)
{
    uint8_t type;

    if (self->unread_bytes > 0)
        return 1;
    self->unread = v2v_ring_get(&self->link.ring, &type, &self->unread_bytes);
    if (self->unread == NULL)
        return 0;
    errno = EBADMSG;
    return type == V2V_DATA ? 1 : -1;
}

/* Takes all that is there, up to the length; 0 where nothing is. The peer is told that it is waited for until something was. */
static long read_what_is_there(struct v2v_channel *self, void *bytes, size_t length)
{
    size_t got = 0;

    v2v_ring_set_waiting(&self->link.ring, 1);
    while (got < length) {
        int begun = begin_record(self);
        size_t part;

        if (begun < 0)
            return -1;
        if (begun == 0)
            break;
        part = length - got < self->unread_bytes ? length - got : self->unread_bytes;
        memcpy((uint8_t *)bytes + got, self->unread, part);
        got += part;
        self->unread += part;
        self->unread_bytes -= part;
        if (self->unread_bytes == 0 && v2v_finish(self) != 0)
            return -1;
    }
    if (got > 0)
        v2v_ring_set_waiting(&self->link.ring, 0);
    return (long)got;
}

/* Waits only where nothing is there. */
static long v2v_read(struct channel *channel, void *bytes, size_t length)
{
    struct v2v_channel *self = v2v_of(channel);

    for (;;) {
        long got = read_what_is_there(self, bytes, length);

        if (got != 0)
            return got;
        if (v2v_link_wait(&self->link) != 0)
            return -1;
    }
}

static size_t v2v_send_ring_bytes(const struct channel *channel)
{
    return ((const struct v2v_channel *)channel)->buffer_pages * V2V_PAGE_BYTES;
}

/* ---- ends that do more than wait ---- */

static int v2v_try_send(struct channel *channel, const void *message, size_t bytes)
{
    struct v2v_channel *self = v2v_of(channel);
    void *place;

    errno = ENOTCONN;
    if (self->link.peer_gone)
        return -1;
    errno = ENOTSUP;
    if (self->mode != V2V_PERSISTENT)
        return -1;
    place = v2v_ring_prepare(&self->link.ring, V2V_DATA, bytes);
    if (place == NULL)
        return 0;
    memcpy(place, message, bytes);
    return v2v_flush(self) == 0 ? 1 : -1;
}

static int v2v_try_receive(struct channel *channel, void *message, size_t bytes)
{
    struct v2v_channel *self = v2v_of(channel);
    const void *record;
    size_t record_bytes;
    uint8_t type;

    record = v2v_ring_get(&self->link.ring, &type, &record_bytes);
    if (record == NULL) {
        errno = ENOTCONN;
        return self->link.peer_gone ? -1 : 0;
    }
    errno = EBADMSG;
    if (type != V2V_DATA || record_bytes != bytes)
        return -1;
    memcpy(message, record, bytes);
    return v2v_finish(self) == 0 ? 1 : -1;
}

static int v2v_wait(struct channel *channel, int milliseconds)
{
    return v2v_link_wait_for(&v2v_of(channel)->link, milliseconds);
}

static long v2v_try_write(struct channel *channel, const void *bytes, size_t length)
{
    struct v2v_channel *self = v2v_of(channel);

    errno = ENOTCONN;
    return self->link.peer_gone ? -1 : write_what_fits(self, bytes, length);
}

static long v2v_try_read(struct channel *channel, void *bytes, size_t length)
{
    struct v2v_channel *self = v2v_of(channel);
    long got = read_what_is_there(self, bytes, length);

    if (got != 0 || !self->link.peer_gone)
        return got;
    errno = ENOTCONN;
    return -1;
}

static int v2v_descriptors(struct channel *channel, int *descriptors)
{
    return v2v_link_descriptors(&v2v_of(channel)->link, descriptors);
}

static void v2v_close(struct channel *channel)
{
    struct v2v_channel *self = v2v_of(channel);

    if (self->mode != V2V_PERSISTENT)
        v2v_transfers_close(self);
    v2v_link_close(&self->link);
    free(self);
}

const struct transport v2v_transport = {
    .name = "v2v",
    .open = v2v_open,
    .send = v2v_send,
    .receive = v2v_receive,
    .write = v2v_write,
    .read = v2v_read,
    .send_ring_bytes = v2v_send_ring_bytes,
    .close = v2v_close,
    .try_send = v2v_try_send,
    .try_receive = v2v_try_receive,
    .wait = v2v_wait,
    .try_write = v2v_try_write,
    .try_read = v2v_try_read,
    .descriptors = v2v_descriptors,
};
