/*
 * What is sent, and the check of what arrived.
 *
 * Message n is a window of a fixed pseudo-random pattern that begins at a place which depends on n. So the sender
 * writes straight from the pattern and the receiver compares with it: no time goes into making payloads, and a
 * lost, repeated, reordered or damaged message is seen all the same.
 */
#ifndef INTERDOM_PAYLOAD_H
#define INTERDOM_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

struct payload {
    uint8_t *pattern;
    size_t message_bytes;
};

/* Makes the pattern for messages of this size; fails the role where memory is short. */
struct payload payload_create(size_t message_bytes);

/* The bytes of message n; valid as long as the payload is. */
const uint8_t *payload_of(const struct payload *payload, uint64_t n);

/* Is this part of message n, which begins at the given offset, as it was sent? 1 or 0. */
int payload_part_matches(const struct payload *payload, uint64_t n, size_t offset, const void *bytes, size_t length);

#endif
