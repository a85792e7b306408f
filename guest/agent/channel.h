/*
 * What the exchanges need of a transport. One implementation a transport; all block until done.
 */
#ifndef INTERDOM_CHANNEL_H
#define INTERDOM_CHANNEL_H

#include <stddef.h>

#include "options.h"

struct channel;

struct transport {
    const char *name;
    /* Opens one end. `listening` is the end that comes first and that owns what is shared. Fails the role on error. */
    struct channel *(*open)(const struct options *options, int listening);
    /* Sends a whole message. 0, or -1 with errno. */
    int (*send)(struct channel *channel, const void *message, size_t bytes);
    /* Receives a whole message of exactly this size. 0, or -1 with errno. */
    int (*receive)(struct channel *channel, void *message, size_t bytes);
    /* Writes all bytes of a stream, in as many parts as need be. 0, or -1 with errno. */
    int (*write)(struct channel *channel, const void *bytes, size_t length);
    /* Reads from 1 to `length` bytes of a stream; returns how many, or -1 with errno. */
    long (*read)(struct channel *channel, void *bytes, size_t length);
    /* Bytes of ring for what this end sends. */
    size_t (*send_ring_bytes)(const struct channel *channel);
    void (*close)(struct channel *channel);
    /*
     * For ends that do more than wait for their peer. These return at once: 1 done, 0 not now, -1 with errno, which is
     * ENOTCONN where the protocol says that the peer has gone.
     */
    int (*try_send)(struct channel *channel, const void *message, size_t bytes);
    int (*try_receive)(struct channel *channel, void *message, size_t bytes);
    /* Waits for what the protocol signals by, at most so long. 0, or -1 with errno. */
    int (*wait)(struct channel *channel, int milliseconds);
    /*
     * For relays, which carry streams in both directions: these return at once how many bytes went, 0 where none can now,
     * or -1 as above. What the peer wrote before it went is read first.
     */
    long (*try_write)(struct channel *channel, const void *bytes, size_t length);
    long (*try_read)(struct channel *channel, void *bytes, size_t length);
    /* Descriptors that are readable when trying again may come further, after wait() has taken what made them so. */
    int (*descriptors)(struct channel *channel, int *descriptors);
    /*
     * Where a domain has only one event channel for all that comes over this transport: binds it, for a process that tells
     * the others (option virq_from). NULL where each channel has its own.
     */
    struct xenevtchn_handle *(*common_events)(void);
};

/* Most of these that a transport has. */
#define CHANNEL_DESCRIPTORS 2

struct channel {
    const struct transport *transport;
};

extern const struct transport libvchan_transport;
extern const struct transport v2v_transport;
extern const struct transport argo_transport;

/* The transport named by the option "transport"; fails the role where there is none of that name. */
const struct transport *transport_named(const struct options *options);

#endif
