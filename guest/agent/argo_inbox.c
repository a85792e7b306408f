#include "argo_inbox.h"

#include <errno.h>
#include <string.h>

uint32_t argo_slots(size_t bytes)
{
    return (uint32_t)(bytes + 15) & ~15u;
}

/* Bytes from there to where Xen has written to. */
static uint32_t used_since(const struct argo_inbox *inbox, uint32_t rx)
{
    uint32_t tx = __atomic_load_n(&inbox->ring->tx_ptr, __ATOMIC_ACQUIRE);

    return tx >= rx ? tx - rx : tx + inbox->ring_bytes - rx;
}

uint32_t argo_inbox_used(const struct argo_inbox *inbox)
{
    return used_since(inbox, inbox->ring->rx_ptr);
}

/* Copies what begins so far behind rx_ptr. */
static void copy_out(const struct argo_inbox *inbox, uint32_t behind, void *to, uint32_t bytes)
{
    uint32_t offset = (inbox->ring->rx_ptr + behind) % inbox->ring_bytes;
    uint32_t first = inbox->ring_bytes - offset < bytes ? inbox->ring_bytes - offset : bytes;

    memcpy(to, inbox->ring->ring + offset, first);
    memcpy((uint8_t *)to + first, inbox->ring->ring, bytes - first);
}

/* Lets the first datagram go, of so many bytes of ring. */
static void release(struct argo_inbox *inbox, uint32_t bytes)
{
    uint32_t before = inbox->ring->rx_ptr;

    if (bytes > inbox->largest)
        inbox->largest = bytes;
    __atomic_store_n(&inbox->ring->rx_ptr, (before + bytes) % inbox->ring_bytes, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* it is gone before tx_ptr is read again */
    /* The least room that a sender can have met: beside all that is there now, and what is only now gone. */
    if (inbox->ring_bytes - used_since(inbox, before) <= inbox->largest)
        inbox->was_full = 1;
}

long argo_inbox_take(struct argo_inbox *inbox, void *to, size_t room)
{
    uint8_t header[ARGO_HEADER_BYTES];
    uint32_t length;

    copy_out(inbox, 0, header, sizeof header);
    memcpy(&length, header, sizeof length);
    if (length < sizeof header || length > argo_inbox_used(inbox) || length - sizeof header > room) {
        errno = EBADMSG;
        return -1;
    }
    length -= (uint32_t)sizeof header;
    copy_out(inbox, sizeof header, to, length);
    release(inbox, argo_slots(length) + ARGO_HEADER_BYTES);
    return (long)length;
}
