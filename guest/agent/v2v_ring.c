#include "v2v_ring.h"

#include <errno.h>

#include "outcome.h"

#define RECORD_DATA 1
#define RECORD_PAD 255

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
    /* The size field has 16 bits, and a record that ends where the ring ends counts as one that would wrap. */
    uint32_t record = ring_bytes - 8 < 65528 ? ring_bytes - 8 : 65528;

    return record - sizeof(struct record_header);
}

static uint32_t bytes_to_end(const struct v2v_ring *ring)
{
    return ring->ring_bytes - (ring->prod_private & (ring->ring_bytes - 1));
}

void *v2v_ring_prepare(struct v2v_ring *ring, size_t bytes)
{
    uint32_t record = padded((uint32_t)(bytes + sizeof(struct record_header)));
    uint32_t pad = record >= bytes_to_end(ring) ? bytes_to_end(ring) : 0;
    struct record_header *header;

    for (;;) {
        uint32_t cons = ring->peer->cons;
        uint32_t room = ring->ring_bytes - (ring->prod_private - cons);

        if (room <= ring->ring_bytes && room >= record + pad)
            break;
        ring->own->cons_event = cons + 1;
        full_barrier(); /* the threshold stands before cons is read again */
        if (ring->peer->cons == cons)
            return NULL;
    }
    if (pad > 0) {
        header = (struct record_header *)(ring->outgoing + (ring->prod_private & (ring->ring_bytes - 1)));
        *header = (struct record_header){ .type = RECORD_PAD, .bytes = (uint16_t)pad };
        ring->prod_private += pad;
    }
    header = (struct record_header *)(ring->outgoing + (ring->prod_private & (ring->ring_bytes - 1)));
    *header = (struct record_header){ .type = RECORD_DATA, .bytes = (uint16_t)(bytes + sizeof *header) };
    ring->prod_private += record;
    return header + 1;
}

int v2v_ring_flush(struct v2v_ring *ring)
{
    uint32_t old = ring->prod;

    ring->prod = ring->prod_private;
    __atomic_store_n(&ring->own->prod, ring->prod, __ATOMIC_RELEASE);
    full_barrier(); /* prod is published before the threshold is read */
    return crossed(old, ring->prod, ring->peer->prod_event) && !ring->peer->consumer_spinning;
}

const void *v2v_ring_get(struct v2v_ring *ring, size_t *bytes)
{
    for (;;) {
        uint32_t prod = __atomic_load_n(&ring->peer->prod, __ATOMIC_ACQUIRE);
        uint32_t offset = ring->cons & (ring->ring_bytes - 1);
        struct record_header header;

        if (prod == ring->cons) {
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
