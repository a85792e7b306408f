/*
 * The broker of V2V: without it two guests cannot see each other's part of xenstore. It runs in dom0 and makes
 * the nodes in which the two ends find each other.
 */
#ifndef INTERDOM_V2V_BROKER_H
#define INTERDOM_V2V_BROKER_H

#include "options.h"

/* Makes the nodes of one connection. Options: name, listener and connector (domain numbers), remove=1 to take them away. */
int v2v_broker(const struct options *options);

/*
 * The broker as a service: carries out the requests of guests (v2v_request.h) until it is killed. It keeps no memory of
 * connections, only xenstore does, so one that is started again goes on where the dead one stopped.
 */
int v2v_broker_serve(void);

#endif
