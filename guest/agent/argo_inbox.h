/* A ring of Argo as its owner reads it: Xen writes datagrams and tx_ptr, the owner takes them and moves rx_ptr. */
#ifndef INTERDOM_ARGO_INBOX_H
#define INTERDOM_ARGO_INBOX_H

#include <stddef.h>
#include <stdint.h>

#include "argo_calls.h"

#define ARGO_HEADER_BYTES 16u

struct argo_inbox {
    xen_argo_ring_t *ring;
    uint32_t ring_bytes;
    /* Bytes of ring of the largest datagram that a sender may have found no room for: the largest that came, or more. */
    uint32_t largest;
    int was_full; /* since the owner last set it to 0, such a datagram may have been refused */
};

/* Whole slots of a ring that hold so many bytes. */
uint32_t argo_slots(size_t bytes);

/* Bytes of ring that hold datagrams now. */
uint32_t argo_inbox_used(const struct argo_inbox *inbox);

/*
 * Takes the first datagram, which must be there. Returns how many bytes of payload it had, or -1 with errno: EBADMSG where
 * they are more than there is room for, or no length at all.
 */
long argo_inbox_take(struct argo_inbox *inbox, void *to, size_t room);

#endif
