/*
 * The broker of V2V: without it two guests cannot see each other's part of xenstore. It runs in dom0, once for each
 * connection, and makes the nodes in which the two ends find each other.
 */
#ifndef INTERDOM_V2V_BROKER_H
#define INTERDOM_V2V_BROKER_H

#include "options.h"

/* Options: name, listener and connector (domain numbers), remove=1 to take the nodes away again. */
int v2v_broker(const struct options *options);

#endif
