/* The real libxenvchan. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>
#include <libxenvchan.h>

#include "channel.h"
#include "outcome.h"

/* The connecting end may come first: it tries for as long as this. */
#define CONNECT_ATTEMPTS 400
#define CONNECT_PAUSE_US 25000

struct libvchan_channel {
    struct channel channel;
    struct libxenvchan *vchan;
};

static struct libxenvchan *vchan_of(const struct channel *channel)
{
    return ((const struct libvchan_channel *)channel)->vchan;
}

static struct channel *libvchan_open(const struct options *options, int listening)
{
    struct libvchan_channel *self = allocate(sizeof *self);
    int peer = (int)option_required_number(options, "peer");
    const char *path = option_required(options, "path");
    size_t ring = option_number(options, "ring", 4096);

    self->channel.transport = &libvchan_transport;
    self->vchan = NULL;
    if (listening) {
        self->vchan = libxenvchan_server_init(NULL, peer, path, ring, ring);
        if (self->vchan == NULL)
            fail("libxenvchan_server_init with rings of %zu bytes", ring);
    } else {
        for (int i = 0; i < CONNECT_ATTEMPTS && self->vchan == NULL; i++) {
            self->vchan = libxenvchan_client_init(NULL, peer, path);
            if (self->vchan == NULL && usleep(CONNECT_PAUSE_US) != 0)
                fail("usleep");
        }
        if (self->vchan == NULL)
            fail("libxenvchan_client_init: no server at %s", path);
    }
    self->vchan->blocking = 1;
    return &self->channel;
}

static int libvchan_send(struct channel *channel, const void *message, size_t bytes)
{
    errno = 0;
    return libxenvchan_send(vchan_of(channel), message, bytes) == (int)bytes ? 0 : -1;
}

static int libvchan_receive(struct channel *channel, void *message, size_t bytes)
{
    errno = 0;
    return libxenvchan_recv(vchan_of(channel), message, bytes) == (int)bytes ? 0 : -1;
}

static int libvchan_write(struct channel *channel, const void *bytes, size_t length)
{
    errno = 0;
    return libxenvchan_write(vchan_of(channel), bytes, length) == (int)length ? 0 : -1;
}

static long libvchan_read(struct channel *channel, void *bytes, size_t length)
{
    errno = 0;
    return libxenvchan_read(vchan_of(channel), bytes, length);
}

static size_t libvchan_send_ring_bytes(const struct channel *channel)
{
    return (size_t)1 << vchan_of(channel)->write.order;
}

/* A step of a library that does not block says 0 for "not now". */
static int step_result(struct libxenvchan *vchan, int moved, size_t bytes)
{
    vchan->blocking = 1;
    if (moved == (int)bytes)
        return 1;
    if (libxenvchan_is_open(vchan) == 0) {
        errno = ENOTCONN;
        return -1;
    }
    return moved == 0 ? 0 : -1;
}

static int libvchan_try_send(struct channel *channel, const void *message, size_t bytes)
{
    struct libxenvchan *vchan = vchan_of(channel);

    errno = 0;
    vchan->blocking = 0;
    return step_result(vchan, libxenvchan_send(vchan, message, bytes), bytes);
}

static int libvchan_try_receive(struct channel *channel, void *message, size_t bytes)
{
    struct libxenvchan *vchan = vchan_of(channel);

    errno = 0;
    vchan->blocking = 0;
    return step_result(vchan, libxenvchan_recv(vchan, message, bytes), bytes);
}

static int libvchan_wait(struct channel *channel, int milliseconds)
{
    struct pollfd ready = { .fd = libxenvchan_fd_for_select(vchan_of(channel)), .events = POLLIN };
    int count = poll(&ready, 1, milliseconds);

    if (count <= 0)
        return count;
    return libxenvchan_wait(vchan_of(channel)) == 0 ? 0 : -1;
}

/* A part of a stream went; none where the ring is full or empty, or the peer has gone. */
static long part_result(struct libxenvchan *vchan, int moved)
{
    vchan->blocking = 1;
    if (moved > 0)
        return moved;
    if (libxenvchan_is_open(vchan) == 0) {
        errno = ENOTCONN;
        return -1;
    }
    return moved;
}

static long libvchan_try_write(struct channel *channel, const void *bytes, size_t length)
{
    struct libxenvchan *vchan = vchan_of(channel);

    errno = 0;
    vchan->blocking = 0;
    return part_result(vchan, libxenvchan_write(vchan, bytes, length));
}

static long libvchan_try_read(struct channel *channel, void *bytes, size_t length)
{
    struct libxenvchan *vchan = vchan_of(channel);

    errno = 0;
    vchan->blocking = 0;
    return part_result(vchan, libxenvchan_read(vchan, bytes, length));
}

static int libvchan_descriptors(struct channel *channel, int *descriptors)
{
    descriptors[0] = libxenvchan_fd_for_select(vchan_of(channel));
    return 1;
}

static void libvchan_close(struct channel *channel)
{
    libxenvchan_close(vchan_of(channel));
    free(channel);
}

const struct transport libvchan_transport = {
    .name = "libvchan",
    .open = libvchan_open,
    .send = libvchan_send,
    .receive = libvchan_receive,
    .write = libvchan_write,
    .read = libvchan_read,
    .send_ring_bytes = libvchan_send_ring_bytes,
    .close = libvchan_close,
    .try_send = libvchan_try_send,
    .try_receive = libvchan_try_receive,
    .wait = libvchan_wait,
    .try_write = libvchan_try_write,
    .try_read = libvchan_try_read,
    .descriptors = libvchan_descriptors,
};
