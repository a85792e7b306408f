/* Carries one connection between a socket and a channel, in both directions. */
#ifndef INTERDOM_RELAY_H
#define INTERDOM_RELAY_H

#include "channel.h"

/* How a relayed connection ended. */
enum relay_end {
    RELAY_DONE,  /* both directions came to their end */
    RELAY_RESET, /* one of the two ends, or the peer itself, went before that */
};

/*
 * Carries until both directions have ended. The end of one direction ends that direction of the other (half-close), and a
 * reader that is slow slows the writer. The socket is closed, and reset where the connection was; the channel is not, so
 * that the caller lets its peer know by closing it.
 *
 * dial is called when the peer is there, and returns a connected socket, or -1 where nobody is: that resets the peer.
 * NULL where the socket is given.
 */
enum relay_end relay_carry(struct channel *channel, int connection, int (*dial)(void *context), void *context);

#endif
