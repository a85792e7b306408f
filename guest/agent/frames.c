#include "frames.h"

void frame_write_header(uint8_t *header, enum frame_kind kind, size_t bytes)
{
    header[0] = (uint8_t)bytes;
    header[1] = (uint8_t)(bytes >> 8);
    header[2] = (uint8_t)(bytes >> 16);
    header[3] = (uint8_t)kind;
}

/* A whole header is there. 0, or -1 where it is none. */
static int begin_frame(struct frame_reader *reader)
{
    const uint8_t *header = reader->header;

    reader->header_bytes = 0;
    if (reader->ended)
        return -1;
    if (header[3] == FRAME_DATA) {
        reader->left = header[0] | (size_t)header[1] << 8 | (size_t)header[2] << 16;
        return 0;
    }
    reader->ended = header[3] == FRAME_END;
    return reader->ended ? 0 : -1;
}

long frame_skip_headers(struct frame_reader *reader, const uint8_t *bytes, size_t length)
{
    size_t at = 0;

    while (at < length && reader->left == 0) {
        reader->header[reader->header_bytes++] = bytes[at++];
        if (reader->header_bytes == FRAME_HEADER_BYTES && begin_frame(reader) != 0)
            return -1;
    }
    return (long)at;
}
