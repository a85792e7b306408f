#include "payload.h"

#include <string.h>

#include "outcome.h"

/* Places at which a message may begin: a prime number, times a stride of 16 so that copies stay aligned. */
#define PLACES 251
#define STRIDE 16

struct payload payload_create(size_t message_bytes)
{
    struct payload payload = { .message_bytes = message_bytes };
    size_t bytes = message_bytes + PLACES * STRIDE;
    uint32_t state = 0x2545f491u;

    payload.pattern = allocate(bytes);
    for (size_t i = 0; i < bytes; i++) {
        state ^= state << 13; /* Marsaglia's xorshift32 */
        state ^= state >> 17;
        state ^= state << 5;
        payload.pattern[i] = (uint8_t)(state >> 11);
    }
    return payload;
}

const uint8_t *payload_of(const struct payload *payload, uint64_t n)
{
    return payload->pattern + n % PLACES * STRIDE;
}

int payload_part_matches(const struct payload *payload, uint64_t n, size_t offset, const void *bytes, size_t length)
{
    return memcmp(payload_of(payload, n) + offset, bytes, length) == 0;
}
