/*
 * What the proxy lays over the bytes of a channel, as `interdom tunnel` does (src/sockets/frames.ts), because no transport
 * can close one direction alone: a stream of frames, each with four bytes in front: kind in the highest byte, length of
 * what follows in the others (little endian).
 *
 *   1  data
 *   2  end: nothing follows in this direction (FIN)
 *
 * A connection that goes away without an end frame was reset.
 */
#ifndef INTERDOM_FRAMES_H
#define INTERDOM_FRAMES_H

#include <stddef.h>
#include <stdint.h>

#define FRAME_HEADER_BYTES 4u

enum frame_kind { FRAME_DATA = 1, FRAME_END = 2 };

void frame_write_header(uint8_t *header, enum frame_kind kind, size_t bytes);

/* Takes frames apart, wherever the bytes are cut. */
struct frame_reader {
    uint8_t header[FRAME_HEADER_BYTES];
    size_t header_bytes;
    size_t left; /* of the data frame that is being read */
    int ended;
};

/*
 * Takes what is no data from the front of the bytes, up to the next data; returns how many bytes that was, or -1 where a
 * peer does not speak this protocol.
 */
long frame_skip_headers(struct frame_reader *reader, const uint8_t *bytes, size_t length);

#endif
