/*
 * One V2V connection: the xenstore handshake, granted and mapped pages, two event channels.
 *
 * The listener grants its rings and a control page and publishes them in the node the broker made for it; the connector
 * maps them. As in V2V there are two event channels, one a direction: the side that produces sends data events over it,
 * the side that consumes sends room events back over it.
 */
#ifndef INTERDOM_V2V_LINK_H
#define INTERDOM_V2V_LINK_H

#include <xenevtchn.h>
#include <xengnttab.h>

#include "options.h"
#include "v2v_ring.h"

#define V2V_PAGE_BYTES 4096u
#define V2V_MAX_RING_PAGES 16u

struct v2v_link {
    struct v2v_ring ring;
    int peer;
    int listening;
    char name[32];    /* of the connection */
    int asked;        /* the broker was asked for it, and is told when it has ended */
    unsigned int ring_pages;
    char own_node[128];
    char peer_node[128];
    struct v2v_control *control;
    void *listener_ring;  /* the listener produces into it */
    void *connector_ring; /* the connector produces into it */
    xengntshr_handle *share; /* of the listener; and of either side where payloads are granted one by one */
    xengnttab_handle *map;
    xenevtchn_handle *events;
    evtchn_port_t send_port;    /* events of the direction in which this side produces */
    evtchn_port_t receive_port; /* events of the direction in which this side consumes */
    /* What v2v_link_wait_for knows of the peer; the blocking calls do not ask. */
    int peer_watch; /* of its state node; 0 until that is first waited for */
    int peer_gone;  /* it has left, or its nodes have */
};

/* Pages, a power of two, that hold this many bytes of ring; fails the role where V2V has none so large. */
unsigned int v2v_pages_for(unsigned long bytes);

/* Connects both ends; fails the role where it cannot. Options: peer, name; ask=1: the broker is asked first. */
void v2v_link_open(struct v2v_link *link, const struct options *options, int listening, unsigned int ring_pages);

/* Waits for an event, whichever it is. 0, or -1 with errno. */
int v2v_link_wait(struct v2v_link *link);

/* Waits for an event or for a change of the peer's state, at most so long. 0, or -1 with errno. */
int v2v_link_wait_for(struct v2v_link *link, int milliseconds);

/* The two descriptors for which it waits: readable when there is an event, or when the peer's state may have changed. */
int v2v_link_descriptors(struct v2v_link *link, int *descriptors);

/* Disconnects: the connector at once, the listener after the connector. */
void v2v_link_close(struct v2v_link *link);

#endif
