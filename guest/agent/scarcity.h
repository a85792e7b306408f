/* What is used up, found by trying: a library's error number says ENOSPC of several things. */
#ifndef INTERDOM_SCARCITY_H
#define INTERDOM_SCARCITY_H

#include <stdint.h>

/*
 * Tries to take as much of each limited thing as a connection takes, gives it back, and names the first that cannot be
 * had: "event channels", "grant frames", "maptrack frames", "xenstore nodes", or "unknown".
 *
 * foreign_ref: a page that the peer has granted to this domain, which is mapped for the trial; 0 where there is none.
 */
const char *scarcity_find(int peer, uint32_t foreign_ref);

#endif
