/*
 * V4V, by Argo's hypercalls: each side registers a ring that only its peer may send to. Datagrams; a stream is a row of
 * datagrams.
 *
 * Draining a ring wakes nobody: a sender that found it full waits until the receiver asks Xen to tell it. When the
 * receiver asks is a driver's choice (option "notify"): `full`, when it has drained a ring that was seen too full for
 * another message, or `drain`, each time it has drained the ring.
 */
#include "argo_inbox.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xenevtchn.h>

#include "channel.h"
#include "marker.h"
#include "outcome.h"
#include "privcmd.h"

#ifndef VIRQ_ARGO
#define VIRQ_ARGO 11
#endif
#define PAGE_BYTES 4096u
#define FIRST_PORT 0x7000u
#define HANDSHAKE_ATTEMPTS 400
#define HANDSHAKE_PAUSE_US 25000
#define MAX_RING_PAGES 4096u
#define FAREWELL_ATTEMPTS 100
#define FAREWELL_PAUSE_MS 20
/*
 * A domain has one VIRQ_ARGO and one process can bind it. Where several processes, or several channels of one, are ends
 * of V4V, either each looks at its ring this often (option virq=0; counts are never taken in that way), or the process
 * that has bound it writes a byte to each of the others when it comes (option virq_from: the descriptor to read from).
 */
#define LOOK_US 5000

struct argo_channel {
    struct channel channel;
    xenevtchn_handle *events; /* NULL where another process has bound the VIRQ (see LOOK_US) */
    int virq_from;            /* where that one tells of it; -1 where this end looks every now and then */
    int is_relay;             /* the peer is told when this end goes */
    int peer_gone;            /* it has told so */
    struct argo_inbox inbox;
    unsigned int pages;
    uint64_t *frames;
    int notify_each_drain;
    /* What the hypercalls read. */
    xen_argo_send_addr_t *addresses;
    xen_argo_iov_t *part;
    xen_argo_unregister_ring_t *registered;
    /* The datagram that a stream reader has begun. */
    uint8_t *datagram;
    size_t datagram_bytes;
    size_t datagram_read;
};

static struct argo_channel *argo_of(struct channel *channel)
{
    return (struct argo_channel *)channel;
}

/* Two messages of so many bytes fit, so that one is sent while the other is taken. */
static size_t half_ring_piece(const struct argo_channel *self)
{
    return argo_slots((self->inbox.ring_bytes - 16) / 2 - 15) - ARGO_HEADER_BYTES;
}

/* ---- receiving ---- */

static int wait_for_virq(struct argo_channel *self)
{
    xenevtchn_port_or_error_t port;
    char told[64];

    if (self->virq_from >= 0)
        return read(self->virq_from, told, sizeof told) > 0 ? 0 : -1;
    if (self->events == NULL)
        return usleep(LOOK_US);
    port = xenevtchn_pending(self->events);
    if (port < 0)
        return -1;
    return xenevtchn_unmask(self->events, (evtchn_port_t)port);
}

/* The ring is empty: tell senders, where one may wait. 0, or -1 with errno. */
static int tell_senders(struct argo_channel *self)
{
    if (!self->inbox.was_full && !self->notify_each_drain)
        return 0;
    self->inbox.was_full = 0;
    return argo_notify();
}

/* The ring is empty: wait for more. */
static int wait_for_message(struct argo_channel *self)
{
    if (tell_senders(self) != 0)
        return -1;
    return argo_inbox_used(&self->inbox) > 0 ? 0 : wait_for_virq(self);
}

/* Takes the next datagram. Returns its bytes, or -1 with errno. */
static long take(struct argo_channel *self, void *to, size_t room)
{
    while (argo_inbox_used(&self->inbox) == 0) {
        if (wait_for_message(self) != 0)
            return -1;
    }
    return argo_inbox_take(&self->inbox, to, room);
}

static int argo_receive(struct channel *channel, void *message, size_t bytes)
{
    long got = take(argo_of(channel), message, bytes);

    if (got >= 0 && (size_t)got != bytes) {
        errno = EMSGSIZE;
        return -1;
    }
    return got < 0 ? -1 : 0;
}

static int datagram_is_begun(const struct argo_channel *self)
{
    return self->datagram_read < self->datagram_bytes;
}

/* Takes the next datagram for a reader of a stream, waiting for it. Returns its bytes, or -1 with errno. */
static long begin_datagram(struct argo_channel *self)
{
    long got = take(self, self->datagram, self->inbox.ring_bytes);

    if (got >= 0) {
        self->datagram_bytes = (size_t)got;
        self->datagram_read = 0;
    }
    return got;
}

static long read_datagram(struct argo_channel *self, void *bytes, size_t length)
{
    size_t part = self->datagram_bytes - self->datagram_read;

    if (part > length)
        part = length;
    memcpy(bytes, self->datagram + self->datagram_read, part);
    self->datagram_read += part;
    return (long)part;
}

static long argo_read(struct channel *channel, void *bytes, size_t length)
{
    struct argo_channel *self = argo_of(channel);

    if (!datagram_is_begun(self) && begin_datagram(self) < 0)
        return -1;
    return read_datagram(self, bytes, length);
}

/* ---- sending ---- */

static int argo_send(struct channel *channel, const void *message, size_t bytes)
{
    struct argo_channel *self = argo_of(channel);

    set_xen_guest_handle(self->part->iov_hnd, (uint8_t *)message);
    self->part->iov_len = (uint32_t)bytes;
    for (;;) {
        long sent = argo_sendv(self->addresses, self->part, 1);

        if (sent >= 0)
            return 0;
        if (errno != EAGAIN || wait_for_virq(self) != 0)
            return -1;
    }
}

static int argo_write(struct channel *channel, const void *bytes, size_t length)
{
    const struct argo_channel *self = argo_of(channel);
    /* What fits into the ring goes at once. */
    size_t piece = length <= self->inbox.ring_bytes - 2 * ARGO_HEADER_BYTES ? length : half_ring_piece(self);

    while (length > 0) {
        size_t part = length < piece ? length : piece;

        if (argo_send(channel, bytes, part) != 0)
            return -1;
        bytes = (const uint8_t *)bytes + part;
        length -= part;
    }
    return 0;
}

/* ---- opening and closing ---- */

/* Both ends derive the port from the connection's name. */
static uint32_t port_of(const char *name)
{
    uint32_t hash = 2166136261u;

    for (; *name != '\0'; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    return FIRST_PORT + (hash & 0xfffff);
}

static void register_ring(struct argo_channel *self, uint32_t port, uint16_t peer)
{
    xen_argo_register_ring_t *request = privcmd_buffer(sizeof *request);

    self->pages = (self->inbox.ring_bytes + sizeof(xen_argo_ring_t) + PAGE_BYTES - 1) / PAGE_BYTES;
    errno = 0;
    if (self->pages > MAX_RING_PAGES)
        fail("a ring of %u pages", self->pages);
    self->frames = privcmd_buffer(self->pages * sizeof *self->frames);
    self->inbox.ring = argo_ring_memory(self->pages, self->frames, marker_guest_is_pv());
    request->aport = port;
    request->partner_id = peer;
    request->len = self->inbox.ring_bytes;
    if (argo_register(request, self->frames, self->pages) != 0) {
        if (errno == ENOSYS || errno == EOPNOTSUPP)
            fail(ARGO_MISSING);
        fail("a ring of %u bytes for domain %u cannot be registered", self->inbox.ring_bytes, peer);
    }
    self->registered->aport = port;
    self->registered->partner_id = peer;
}

static xenevtchn_handle *bind_virq(void)
{
    xenevtchn_handle *events = xenevtchn_open(NULL, 0);

    if (events == NULL)
        fail("/dev/xen/evtchn");
    if (xenevtchn_bind_virq(events, VIRQ_ARGO) < 0)
        fail("VIRQ_ARGO cannot be bound");
    return events;
}

/* The listener's ring may not be there yet: Xen then refuses the connection. */
static void greet(struct argo_channel *self)
{
    for (int i = 0; i < HANDSHAKE_ATTEMPTS; i++) {
        if (argo_send(&self->channel, "h", 1) == 0)
            return;
        if (errno != ECONNREFUSED)
            break;
        if (usleep(HANDSHAKE_PAUSE_US) != 0)
            fail("usleep");
    }
    fail("the listener does not answer");
}

static struct channel *argo_channel_open(const struct options *options, int listening)
{
    struct argo_channel *self = allocate(sizeof *self);
    uint16_t peer = (uint16_t)option_required_number(options, "peer");
    uint32_t port = port_of(option_required(options, "name"));
    const char *notify = option_text(options, "notify");
    char hello;

    memset(self, 0, sizeof *self);
    self->channel.transport = &argo_transport;
    self->inbox.ring_bytes = argo_slots(option_number(options, "ring", 4032));
    self->notify_each_drain = notify != NULL && strcmp(notify, "drain") == 0;
    privcmd_open();
    self->addresses = privcmd_buffer(sizeof *self->addresses);
    self->addresses->src.aport = port;
    self->addresses->src.domain_id = XEN_ARGO_DOMID_ANY; /* this domain */
    self->addresses->dst.aport = port;
    self->addresses->dst.domain_id = peer;
    self->part = privcmd_buffer(sizeof *self->part);
    self->registered = privcmd_buffer(sizeof *self->registered);
    self->datagram = allocate(self->inbox.ring_bytes);
    self->virq_from = option_text(options, "virq_from") == NULL ? -1 : (int)option_number(options, "virq_from", 0);
    if (self->virq_from < 0 && option_number(options, "virq", 1) == 1)
        self->events = bind_virq();
    register_ring(self, port, peer);
    if (listening) {
        if (argo_receive(&self->channel, &hello, 1) != 0)
            fail("nobody greets");
    } else {
        greet(self);
    }
    self->inbox.largest = 0; /* the greeting is no message */
    return &self->channel;
}

static size_t argo_send_ring_bytes(const struct channel *channel)
{
    return ((const struct argo_channel *)channel)->inbox.ring_bytes;
}

static int argo_try_send(struct channel *channel, const void *message, size_t bytes)
{
    struct argo_channel *self = argo_of(channel);

    set_xen_guest_handle(self->part->iov_hnd, (uint8_t *)message);
    self->part->iov_len = (uint32_t)bytes;
    if (argo_sendv(self->addresses, self->part, 1) >= 0)
        return 1;
    if (errno == EAGAIN)
        return 0;
    if (errno == ECONNREFUSED || errno == ESRCH)
        errno = ENOTCONN;
    return -1;
}

static int argo_try_receive(struct channel *channel, void *message, size_t bytes)
{
    if (argo_inbox_used(&argo_of(channel)->inbox) == 0)
        return 0;
    return argo_receive(channel, message, bytes) == 0 ? 1 : -1;
}

/* Pieces of a relay differ in size: its sender may have found no room for the largest. */
static void become_relay(struct argo_channel *self)
{
    self->is_relay = 1;
    self->inbox.largest = argo_slots(half_ring_piece(self)) + ARGO_HEADER_BYTES;
}

static long argo_try_write(struct channel *channel, const void *bytes, size_t length)
{
    struct argo_channel *self = argo_of(channel);
    size_t piece = half_ring_piece(self);
    size_t written = 0;

    become_relay(self);
    errno = ENOTCONN;
    if (self->peer_gone)
        return -1;
    while (written < length) {
        size_t left = length - written;
        size_t part = left < piece ? left : piece;
        int sent = argo_try_send(channel, (const uint8_t *)bytes + written, part);

        if (sent < 0)
            return -1;
        if (sent == 0)
            break;
        written += part;
    }
    return (long)written;
}

/* Nothing tells a receiver that its peer has unregistered its ring: a datagram of no bytes does. */
static long argo_try_read(struct channel *channel, void *bytes, size_t length)
{
    struct argo_channel *self = argo_of(channel);

    become_relay(self);
    if (!datagram_is_begun(self) && !self->peer_gone) {
        if (argo_inbox_used(&self->inbox) == 0 && tell_senders(self) != 0)
            return -1;
        if (argo_inbox_used(&self->inbox) == 0)
            return 0;
        if (begin_datagram(self) < 0)
            return -1;
        self->peer_gone = self->datagram_bytes == 0;
    }
    errno = ENOTCONN;
    return datagram_is_begun(self) ? read_datagram(self, bytes, length) : -1;
}

static int argo_descriptors(struct channel *channel, int *descriptors)
{
    struct argo_channel *self = argo_of(channel);

    descriptors[0] = self->events == NULL ? self->virq_from : xenevtchn_fd(self->events);
    return 1;
}

static int argo_wait(struct channel *channel, int milliseconds)
{
    struct argo_channel *self = argo_of(channel);
    struct pollfd ready = { .events = POLLIN };
    int count;

    if (self->events == NULL && self->virq_from < 0)
        return usleep(milliseconds * 1000 < LOOK_US ? (useconds_t)milliseconds * 1000 : LOOK_US);
    argo_descriptors(channel, &ready.fd);
    count = poll(&ready, 1, milliseconds);
    return count <= 0 ? count : wait_for_virq(self);
}

/* The other side of argo_try_read's: waits a while for room, and goes without where there is none. */
static void say_farewell(struct channel *channel)
{
    for (int i = 0; i < FAREWELL_ATTEMPTS && argo_try_send(channel, "", 0) == 0; i++) {
        if (argo_wait(channel, FAREWELL_PAUSE_MS) != 0)
            return;
    }
}

static void argo_close(struct channel *channel)
{
    struct argo_channel *self = argo_of(channel);

    if (self->is_relay && !self->peer_gone)
        say_farewell(channel);
    /* Xen itself removes a ring whose only partner dies: there is none to be found then. */
    if (argo_unregister(self->registered) != 0 && errno != ENOENT)
        fail("the ring cannot be unregistered");
    argo_ring_release(self->inbox.ring, self->pages, self->frames, marker_guest_is_pv());
    if (self->events != NULL)
        xenevtchn_close(self->events);
    free(self->datagram);
    free(self);
}

const struct transport argo_transport = {
    .name = "v4v",
    .open = argo_channel_open,
    .send = argo_send,
    .receive = argo_receive,
    .write = argo_write,
    .read = argo_read,
    .send_ring_bytes = argo_send_ring_bytes,
    .close = argo_close,
    .try_send = argo_try_send,
    .try_receive = argo_try_receive,
    .wait = argo_wait,
    .try_write = argo_try_write,
    .try_read = argo_try_read,
    .descriptors = argo_descriptors,
    .common_events = bind_virq,
};
