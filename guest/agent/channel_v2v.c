/*
 * V2V as a channel, in three ways to move a payload (option "grant"):
 *
 *   persistent    it is copied into the ring, which stays mapped: V2V itself
 *   per-transfer  it lies in pages of the sender; the record only names their grants; the receiver maps them, copies
 *                 the payload out and unmaps them. This is how netback-style I/O moves payloads.
 *   copy          as per-transfer, but the hypervisor copies (GNTTABOP_copy) and nothing is mapped
 *
 * In the last two ways the sender has as many payload pages as its ring has, granted once. A page is free again when
 * the receiver has finished the record that named it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "channel.h"
#include "outcome.h"
#include "v2v_link.h"

enum grant_mode { PERSISTENT, PER_TRANSFER, COPY };

/* What a record says in the ways that grant payload pages. */
struct descriptor {
    uint32_t bytes;
    uint32_t refs[V2V_MAX_RING_PAGES];
};

struct v2v_channel {
    struct channel channel;
    struct v2v_link link;
    enum grant_mode mode;
    /* Of the sender: payload pages, in the order in which they are used, over and over. */
    uint8_t *pool;
    uint32_t pool_refs[V2V_MAX_RING_PAGES];
    unsigned int pool_next;
    /* Of the receiver in copy mode: where the hypervisor copies to. Page by page, since it wants no page crossed. */
    uint8_t *landing;
    /* Of the reader of a stream: how far into the current record it is. */
    const uint8_t *unread;
    size_t unread_bytes;
};

static struct v2v_channel *v2v_of(struct channel *channel)
{
    return (struct v2v_channel *)channel;
}

static int notify(struct v2v_channel *self, evtchn_port_t port)
{
    return xenevtchn_notify(self->link.events, port);
}

static enum grant_mode grant_mode_of(const struct options *options)
{
    const char *mode = option_text(options, "grant");

    if (mode == NULL || strcmp(mode, "persistent") == 0)
        return PERSISTENT;
    if (strcmp(mode, "per-transfer") == 0)
        return PER_TRANSFER;
    errno = 0;
    if (strcmp(mode, "copy") != 0)
        fail("no grant mode \"%s\"", mode);
    return COPY;
}

static struct channel *v2v_open(const struct options *options, int listening)
{
    struct v2v_channel *self = allocate(sizeof *self);

    memset(self, 0, sizeof *self);
    self->channel.transport = &v2v_transport;
    self->mode = grant_mode_of(options);
    v2v_link_open(&self->link, options, listening);
    if (self->mode != PERSISTENT) {
        self->pool = xengntshr_share_pages(self->link.share, (uint32_t)self->link.peer, (int)self->link.ring_pages,
                                           self->pool_refs, 0);
        if (self->pool == NULL)
            fail("payload pages could not be granted");
    }
    if (self->mode == COPY) {
        size_t bytes = self->link.ring_pages * V2V_PAGE_BYTES;

        self->landing = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (self->landing == MAP_FAILED)
            fail("no memory to copy into");
        memset(self->landing, 0, bytes);
    }
    return &self->channel;
}

/* Room for one record, waiting for it as long as it takes. NULL with errno where waiting fails. */
static void *prepare(struct v2v_channel *self, size_t bytes)
{
    for (;;) {
        void *place = v2v_ring_prepare(&self->link.ring, bytes);

        if (place != NULL)
            return place;
        if (v2v_link_wait(&self->link) != 0)
            return NULL;
    }
}

/* The next record, waiting for it as long as it takes. NULL with errno where waiting fails. */
static const void *get(struct v2v_channel *self, size_t *bytes)
{
    for (;;) {
        const void *record = v2v_ring_get(&self->link.ring, bytes);

        if (record != NULL)
            return record;
        if (v2v_link_wait(&self->link) != 0)
            return NULL;
    }
}

static int flush(struct v2v_channel *self)
{
    return v2v_ring_flush(&self->link.ring) ? notify(self, self->link.send_port) : 0;
}

static int finish(struct v2v_channel *self)
{
    return v2v_ring_finish(&self->link.ring) ? notify(self, self->link.receive_port) : 0;
}

static int send_inline(struct v2v_channel *self, const void *message, size_t bytes)
{
    void *place = prepare(self, bytes);

    if (place == NULL)
        return -1;
    memcpy(place, message, bytes);
    return flush(self);
}

/*
 * Invariant: a payload page is written only after the record that used it last was finished. Records are finished in
 * order, so it is enough that the peer has consumed all but (pool - needed) pages' worth of records; with records of
 * one size that means: of the last pool/needed records, the oldest is finished.
 */
static int send_granted(struct v2v_channel *self, const void *message, size_t bytes)
{
    unsigned int pages = (unsigned int)((bytes + V2V_PAGE_BYTES - 1) / V2V_PAGE_BYTES);
    unsigned int slots = self->link.ring_pages / (pages == 0 ? 1 : pages);
    uint32_t record = (uint32_t)((sizeof(struct descriptor) + 4 + 7) & ~7u);
    struct descriptor descriptor = { .bytes = (uint32_t)bytes };
    void *place;

    if (pages > self->link.ring_pages) {
        errno = EMSGSIZE;
        return -1;
    }
    for (;;) { /* wait for a free slot */
        uint32_t cons = self->link.ring.peer->cons;

        if (self->link.ring.prod_private - cons < slots * record)
            break;
        self->link.ring.own->cons_event = cons + 1;
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (self->link.ring.peer->cons == cons && v2v_link_wait(&self->link) != 0)
            return -1;
    }
    if (self->pool_next + pages > self->link.ring_pages)
        self->pool_next = 0;
    memcpy(self->pool + self->pool_next * V2V_PAGE_BYTES, message, bytes);
    memcpy(descriptor.refs, self->pool_refs + self->pool_next, pages * sizeof *descriptor.refs);
    self->pool_next += pages;
    place = prepare(self, sizeof descriptor);
    if (place == NULL)
        return -1;
    memcpy(place, &descriptor, sizeof descriptor);
    return flush(self);
}

static int v2v_send(struct channel *channel, const void *message, size_t bytes)
{
    struct v2v_channel *self = v2v_of(channel);

    if (self->mode != PERSISTENT && bytes > 1)
        return send_granted(self, message, bytes);
    if (bytes > v2v_ring_limit(self->link.ring.ring_bytes)) {
        errno = EMSGSIZE;
        return -1;
    }
    return send_inline(self, message, bytes);
}

static int take_by_map(struct v2v_channel *self, struct descriptor *descriptor, void *message)
{
    unsigned int pages = (descriptor->bytes + V2V_PAGE_BYTES - 1) / V2V_PAGE_BYTES;
    void *payload = xengnttab_map_domain_grant_refs(self->link.map, pages, (uint32_t)self->link.peer, descriptor->refs,
                                                    PROT_READ);

    if (payload == NULL)
        return -1;
    memcpy(message, payload, descriptor->bytes);
    return xengnttab_unmap(self->link.map, payload, pages);
}

static int take_by_copy(struct v2v_channel *self, const struct descriptor *descriptor, void *message)
{
    xengnttab_grant_copy_segment_t segments[V2V_MAX_RING_PAGES];
    unsigned int pages = (descriptor->bytes + V2V_PAGE_BYTES - 1) / V2V_PAGE_BYTES;

    memset(segments, 0, sizeof segments);
    for (unsigned int i = 0; i < pages; i++) {
        uint32_t left = descriptor->bytes - i * V2V_PAGE_BYTES;

        segments[i].source.foreign.ref = descriptor->refs[i];
        segments[i].source.foreign.domid = (uint16_t)self->link.peer;
        segments[i].dest.virt = self->landing + i * V2V_PAGE_BYTES;
        segments[i].len = (uint16_t)(left < V2V_PAGE_BYTES ? left : V2V_PAGE_BYTES);
        segments[i].flags = GNTCOPY_source_gref;
    }
    if (xengnttab_grant_copy(self->link.map, pages, segments) != 0)
        return -1;
    for (unsigned int i = 0; i < pages; i++) {
        if (segments[i].status != GNTST_okay) {
            errno = EIO;
            return -1;
        }
    }
    memcpy(message, self->landing, descriptor->bytes);
    return 0;
}

static int v2v_receive(struct channel *channel, void *message, size_t bytes)
{
    struct v2v_channel *self = v2v_of(channel);
    struct descriptor descriptor;
    size_t record_bytes;
    const void *record = get(self, &record_bytes);
    int granted = self->mode != PERSISTENT && bytes > 1;

    if (record == NULL)
        return -1;
    if (record_bytes != (granted ? sizeof descriptor : bytes)) {
        errno = EMSGSIZE;
        return -1;
    }
    if (!granted) {
        memcpy(message, record, bytes);
        return finish(self);
    }
    memcpy(&descriptor, record, sizeof descriptor);
    if (descriptor.bytes != bytes) {
        errno = EMSGSIZE;
        return -1;
    }
    if ((self->mode == COPY ? take_by_copy(self, &descriptor, message) : take_by_map(self, &descriptor, message)) != 0)
        return -1;
    return finish(self);
}

/* A stream write fills what room there is, at least eight bytes at a time, and publishes it before it waits for more. */
static int v2v_write(struct channel *channel, const void *bytes, size_t length)
{
    struct v2v_channel *self = v2v_of(channel);
    size_t limit = v2v_ring_limit(self->link.ring.ring_bytes) / 2;

    errno = ENOTSUP;
    if (self->mode != PERSISTENT)
        return -1;
    while (length > 0) {
        size_t part = length < limit ? length : limit;

        if (send_inline(self, bytes, part) != 0)
            return -1;
        bytes = (const uint8_t *)bytes + part;
        length -= part;
    }
    return 0;
}

static long v2v_read(struct channel *channel, void *bytes, size_t length)
{
    struct v2v_channel *self = v2v_of(channel);
    size_t part;

    if (self->unread_bytes == 0) {
        self->unread = get(self, &self->unread_bytes);
        if (self->unread == NULL)
            return -1;
    }
    part = length < self->unread_bytes ? length : self->unread_bytes;
    memcpy(bytes, self->unread, part);
    self->unread += part;
    self->unread_bytes -= part;
    if (self->unread_bytes == 0 && finish(self) != 0)
        return -1;
    return (long)part;
}

static size_t v2v_send_ring_bytes(const struct channel *channel)
{
    return ((const struct v2v_channel *)channel)->link.ring.ring_bytes;
}

static void v2v_close(struct channel *channel)
{
    struct v2v_channel *self = v2v_of(channel);

    if (self->pool != NULL && xengntshr_unshare(self->link.share, self->pool, self->link.ring_pages) != 0)
        fail("payload pages could not be taken back");
    if (self->landing != NULL && munmap(self->landing, self->link.ring_pages * V2V_PAGE_BYTES) != 0)
        fail("munmap");
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
};
