#include "v2v_ring.h"

#include <errno.h>

#include "outcome.h"

#define RECORD_PAD 255
#define SPIN_LIMIT 2048 /* looks at the ring while the peer is about to publish */
#define SMALLEST_END 16 /* bytes at the end of the ring that are not worth a piece of a stream */
#define SPARE_BYTES 8

struct record_header {
    uint8_t type;
    uint8_t flags;
    uint16_t bytes; /* with the header, without the padding */
};

static void full_barrier(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static uint32_t padded(uint32_t bytes)
{
    return (bytes + 7) & ~7u;
}

/* Did an index that moved from old to new reach the threshold? Unsigned arithmetic takes care of overflow. */
static int crossed(uint32_t old, uint32_t new, uint32_t threshold)
{
    return (uint32_t)(new - threshold) < (uint32_t)(new - old);
}

size_t v2v_ring_limit(uint32_t ring_bytes)
{
    return ring_bytes / 2 - sizeof(struct record_header);
}

static uint32_t bytes_to_end(const struct v2v_ring *ring)
{
    return ring->ring_bytes - (ring->prod_private & (ring->ring_bytes - 1));
}

/* Asks for an event when the peer has consumed more than up to `cons`. 1 where it has already. */
static int ask_for_room(struct v2v_ring *ring, uint32_t cons)
{
    ring->own->cons_event = cons + 1;
    full_barrier(); /* the threshold stands before cons is read again */
    return ring->peer->cons != cons;
}

/* Bytes free behind what was prepared; 0 where the peer's index is nonsense. */
static uint32_t room_before(const struct v2v_ring *ring, uint32_t cons)
{
    uint32_t room = ring->ring_bytes - (ring->prod_private - cons);

    return room <= ring->ring_bytes ? room : 0;
}

size_t v2v_ring_stream_room(struct v2v_ring *ring)
{
    uint32_t to_end = bytes_to_end(ring);

    for (;;) {
        uint32_t cons = ring->peer->cons;
        uint32_t room = room_before(ring, cons);
        uint32_t adjacent = to_end < SMALLEST_END ? (room > to_end ? room - to_end : 0)
                                                  : (room < to_end ? room : to_end);

        if (adjacent > sizeof(struct record_header) + SPARE_BYTES)
            return adjacent - sizeof(struct record_header) - SPARE_BYTES;
        if (!ask_for_room(ring, cons))
            return 0;
    }
}

void *v2v_ring_prepare(struct v2v_ring *ring, uint8_t type, size_t bytes)
{
    uint32_t record = padded((uint32_t)(bytes + sizeof(struct record_header)));
    uint32_t pad = record >= bytes_to_end(ring) ? bytes_to_end(ring) : 0;
    struct record_header *header;

    for (;;) {
        uint32_t cons = ring->peer->cons;

        if (room_before(ring, cons) >= record + pad)
            break;
        if (!ask_for_room(ring, cons))
            return NULL;
    }
    if (pad > 0) {
        header = (struct record_header *)(ring->outgoing + (ring->prod_private & (ring->ring_bytes - 1)));
        *header = (struct record_header){ .type = RECORD_PAD, .bytes = (uint16_t)pad };
        ring->prod_private += pad;
    }
    header = (struct record_header *)(ring->outgoing + (ring->prod_private & (ring->ring_bytes - 1)));
    *header = (struct record_header){ .type = type, .bytes = (uint16_t)(bytes + sizeof *header) };
    ring->prod_private += record;
    return header + 1;
}

int v2v_ring_announce(struct v2v_ring *ring)
{
    if (ring->announced || !crossed(ring->prod, ring->prod_private, ring->peer->prod_event))
        return 0;
    ring->announced = 1;
    ring->own->producer_active = 1;
    full_barrier(); /* the peer that the event wakes finds the flag */
    return 1;
}

int v2v_ring_flush(struct v2v_ring *ring)
{
    uint32_t old = ring->prod;
    int wanted;

    ring->prod = ring->prod_private;
    __atomic_store_n(&ring->own->prod, ring->prod, __ATOMIC_RELEASE);
    full_barrier(); /* prod is published before the threshold is read */
    wanted = crossed(old, ring->prod, ring->peer->prod_event);
    if (!wanted)
        return 0;
    wanted = !ring->peer->consumer_spinning;
    if (ring->announced) {
        ring->announced = 0;
        ring->own->producer_active = 0;
    }
    return wanted;
}

/* Looks at the ring for a while where the peer says that it is about to publish. */
static void spin_for_record(struct v2v_ring *ring)
{
    ring->own->consumer_spinning = 1;
    full_barrier();
    for (int i = 0; i < SPIN_LIMIT && ring->peer->producer_active && ring->peer->prod == ring->cons; i++)
        __asm__ volatile("" ::: "memory");
    ring->own->consumer_spinning = 0;
    full_barrier(); /* the flag is down before the threshold is set */
}

const void *v2v_ring_get(struct v2v_ring *ring, uint8_t *type, size_t *bytes)
{
    int spun = 0;

    for (;;) {
        uint32_t prod = __atomic_load_n(&ring->peer->prod, __ATOMIC_ACQUIRE);
        uint32_t offset = ring->cons & (ring->ring_bytes - 1);
        struct record_header header;

        if (prod == ring->cons) {
            if (!spun && ring->peer->producer_active) {
                spun = 1;
                spin_for_record(ring);
                continue;
            }
            ring->own->prod_event = prod + 1;
            full_barrier(); /* the threshold stands before prod is read again */
            if (ring->peer->prod == prod)
                return NULL;
            continue;
        }
        header = *(const volatile struct record_header *)(ring->incoming + offset); /* once: the peer may change it */
        errno = 0;
        if (header.bytes < sizeof header || padded(header.bytes) > ring->ring_bytes - offset)
            fail("the peer wrote a record of %u bytes at offset %u", header.bytes, offset);
        if (header.type == RECORD_PAD) {
            ring->cons += header.bytes;
            continue;
        }
        ring->current_bytes = padded(header.bytes);
        *type = header.type;
        *bytes = header.bytes - sizeof header;
        return ring->incoming + offset + sizeof header;
    }
}

int v2v_ring_finish(struct v2v_ring *ring)
{
    uint32_t old = ring->own->cons;

    ring->cons += ring->current_bytes;
    __atomic_store_n(&ring->own->cons, ring->cons, __ATOMIC_RELEASE);
    full_barrier(); /* cons is published before the threshold is read */
    return crossed(old, ring->cons, ring->peer->cons_event);
}

void v2v_ring_set_waiting(struct v2v_ring *ring, int waiting)
{
    ring->own->consumer_active = (uint32_t)waiting;
}

int v2v_ring_peer_waits(const struct v2v_ring *ring)
{
    return ring->peer->consumer_active != 0;
}
