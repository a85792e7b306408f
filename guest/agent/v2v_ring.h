/*
 * The rings of V2V: records in the format of netchannel2, with event thresholds.
 *
 * Each direction has payload pages and a set of fields in the control page. Indices run freely and are masked by the
 * size of the ring, a power of two. A record has a header of four bytes and is padded to eight; it never wraps: where it
 * would, a PAD record fills the ring to its end. A side that moves an index across the threshold the other side has set
 * must send an event, else it must not. Public sources: OpenXT xc-windows, inc/v2v.h and xenuser/v2v/v2v.c.
 */
#ifndef INTERDOM_V2V_RING_H
#define INTERDOM_V2V_RING_H

#include <stddef.h>
#include <stdint.h>

/* What one side publishes, 64 bytes in the control page. Written by its owner only. */
struct v2v_fields {
    uint32_t prod;       /* next byte this side will produce */
    uint32_t prod_event; /* tell this side when the other side's prod reaches it */
    uint32_t cons;       /* next byte this side will consume */
    uint32_t cons_event; /* tell this side when the other side's cons reaches it */
    uint32_t consumer_active;
    uint32_t consumer_spinning;
    uint32_t producer_active;
    uint8_t padding[36];
};

struct v2v_control {
    struct v2v_fields listener;
    struct v2v_fields connector;
};

struct v2v_ring {
    volatile struct v2v_fields *own;
    const volatile struct v2v_fields *peer;
    uint8_t *outgoing;
    const uint8_t *incoming;
    uint32_t ring_bytes; /* of either direction */
    uint32_t prod;       /* as last published */
    uint32_t prod_private;
    uint32_t cons;
    uint32_t current_bytes; /* of the record that was got and is not finished */
    int announced;          /* the peer was woken for a record that is not published yet */
};

/* Types of records. */
#define V2V_DATA 1     /* bytes */
#define V2V_TRANSFER 2 /* names pages that hold bytes (see channel_v2v_grants.c) */
#define V2V_ANSWER 3   /* those pages are free again */

/* Largest piece of a stream while the receiver waits for it. */
#define V2V_PIECE_FOR_WAITING_PEER 2048u

/* Largest payload that a ring of this size takes whole, wherever its indices stand: half may be lost to a PAD. */
size_t v2v_ring_limit(uint32_t ring_bytes);

/*
 * Makes room for a record of this payload and returns where it goes; NULL where there is no room now (then an event
 * will come once the peer has consumed).
 */
void *v2v_ring_prepare(struct v2v_ring *ring, uint8_t type, size_t bytes);

/*
 * How much payload a piece of a stream can have now without a PAD worth the name; 0 where there is no room (then an
 * event will come once the peer has consumed).
 */
size_t v2v_ring_stream_room(struct v2v_ring *ring);

/*
 * For a peer that waits: says that the record prepared last is on its way, so that the peer wakes while it is filled.
 * 1 where the peer must be sent an event.
 */
int v2v_ring_announce(struct v2v_ring *ring);

/* Publishes what was prepared. 1 where the peer must be sent an event. */
int v2v_ring_flush(struct v2v_ring *ring);

/*
 * The payload of the next record, its type and size; NULL where there is none now (then an event will come with the next).
 * Fails the role where the peer wrote a record that cannot be.
 */
const void *v2v_ring_get(struct v2v_ring *ring, uint8_t *type, size_t *bytes);

/* Releases the record that was got. 1 where the peer must be sent an event. */
int v2v_ring_finish(struct v2v_ring *ring);

/* Says that this side waits for records just now, or no longer ("fast receive"). */
void v2v_ring_set_waiting(struct v2v_ring *ring, int waiting);

/* Does the peer wait for records just now? */
int v2v_ring_peer_waits(const struct v2v_ring *ring);

#endif
