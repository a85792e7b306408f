#include "v2v_link.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "outcome.h"
#include "store.h"
#include "v2v_request.h"

#define HANDSHAKE_MS 20000

unsigned int v2v_pages_for(unsigned long bytes)
{
    unsigned int pages = 1;

    errno = 0;
    if (bytes > V2V_MAX_RING_PAGES * V2V_PAGE_BYTES)
        fail("V2V rings have at most %u pages, not %lu bytes", V2V_MAX_RING_PAGES, bytes);
    while (pages * V2V_PAGE_BYTES < bytes)
        pages *= 2;
    return pages;
}

static const char *own(struct v2v_link *link, const char *name)
{
    return store_path(link->own_node, name);
}

static const char *remote(struct v2v_link *link, const char *name)
{
    return store_path(link->peer_node, name);
}

static void set_state(struct v2v_link *link, const char *state)
{
    store_write(own(link, "state"), "%s", state);
}

static int peer_is_in_state(struct v2v_link *link, const char *state)
{
    char *found = store_read(remote(link, "state"));
    int is_there = found != NULL && strcmp(found, state) == 0;

    free(found);
    return is_there;
}

/* Waits until the other end's state is this one, or is no longer. */
static void await(struct v2v_link *link, const char *state, int wanted)
{
    int watch = store_watch(remote(link, "state"));
    int waited = 0;

    while (peer_is_in_state(link, state) != wanted) {
        errno = 0;
        if (waited >= HANDSHAKE_MS)
            fail("the other end of %s %s state %s", link->own_node, wanted ? "never came to" : "never left", state);
        if (store_watch_wait(watch, 1000) == 0)
            waited += 1000;
    }
    close(watch);
}

static void await_state(struct v2v_link *link, const char *state)
{
    await(link, state, 1);
}

static void await_end_of_state(struct v2v_link *link, const char *state)
{
    await(link, state, 0);
}

static void find_peer(struct v2v_link *link, const char *name)
{
    char *peer_node;
    unsigned long peer;

    errno = 0;
    if (snprintf(link->own_node, sizeof link->own_node, "/local/domain/%d/data/v2v/%s", store_own_domid(), name) >=
        (int)sizeof link->own_node)
        fail("the name %s is too long", name);
    peer_node = store_read(own(link, "backend"));
    if (peer_node == NULL)
        fail("the broker made no node %s", link->own_node);
    errno = 0;
    if (strlen(peer_node) >= sizeof link->peer_node)
        fail("the path %s is too long", peer_node);
    strcpy(link->peer_node, peer_node);
    free(peer_node);
    peer = store_read_number(own(link, "peer-domid"));
    if ((int)peer != link->peer)
        fail("the broker says that domain %lu is the peer", peer);
}

static void publish_refs(struct v2v_link *link, const char *prefix, const uint32_t *refs)
{
    char name[32];

    for (unsigned int i = 0; i < link->ring_pages; i++) {
        snprintf(name, sizeof name, "%s-gref-%u", prefix, i);
        store_write(own(link, name), "%u", refs[i]);
    }
}

static void read_refs(struct v2v_link *link, const char *prefix, uint32_t *refs)
{
    char name[32];

    for (unsigned int i = 0; i < link->ring_pages; i++) {
        snprintf(name, sizeof name, "%s-gref-%u", prefix, i);
        refs[i] = (uint32_t)store_read_number(remote(link, name));
    }
}

static evtchn_port_t bind_unbound(struct v2v_link *link)
{
    xenevtchn_port_or_error_t port = xenevtchn_bind_unbound_port(link->events, (uint32_t)link->peer);

    if (port < 0)
        fail("event channel for domain %d", link->peer);
    return (evtchn_port_t)port;
}

static evtchn_port_t bind_remote(struct v2v_link *link, const char *name)
{
    evtchn_port_t remote_port = (evtchn_port_t)store_read_number(remote(link, name));
    xenevtchn_port_or_error_t port = xenevtchn_bind_interdomain(link->events, (uint32_t)link->peer, remote_port);

    if (port < 0)
        fail("event channel %u of domain %d", remote_port, link->peer);
    return (evtchn_port_t)port;
}

static void *shared(struct v2v_link *link, unsigned int pages, uint32_t *refs, int writable)
{
    void *memory = xengntshr_share_pages(link->share, (uint32_t)link->peer, (int)pages, refs, writable);

    if (memory == NULL)
        fail("%u pages could not be granted to domain %d", pages, link->peer);
    memset(memory, 0, pages * V2V_PAGE_BYTES);
    return memory;
}

static void *mapped(struct v2v_link *link, unsigned int pages, uint32_t *refs, int protection)
{
    void *memory = xengnttab_map_domain_grant_refs(link->map, pages, (uint32_t)link->peer, refs, protection);

    if (memory == NULL)
        fail("%u pages of domain %d could not be mapped", pages, link->peer);
    return memory;
}

static unsigned int order_of(unsigned int pages)
{
    return (unsigned int)__builtin_ctz(pages);
}

static void listen_for_peer(struct v2v_link *link)
{
    uint32_t refs[V2V_MAX_RING_PAGES];
    uint32_t control_ref;

    link->listener_ring = shared(link, link->ring_pages, refs, 0);
    publish_refs(link, "prod", refs);
    link->connector_ring = shared(link, link->ring_pages, refs, 1);
    publish_refs(link, "cons", refs);
    link->control = shared(link, 1, &control_ref, 1);
    link->send_port = bind_unbound(link);
    link->receive_port = bind_unbound(link);
    store_write(own(link, "control-gref"), "%u", control_ref);
    store_write(own(link, "prod-evtchn"), "%u", link->send_port);
    store_write(own(link, "cons-evtchn"), "%u", link->receive_port);
    store_write(own(link, "prod-order"), "%u", order_of(link->ring_pages));
    store_write(own(link, "cons-order"), "%u", order_of(link->ring_pages));
    set_state(link, "listening");
    await_state(link, "connected");
    set_state(link, "connected");
}

static void connect_to_peer(struct v2v_link *link)
{
    uint32_t refs[V2V_MAX_RING_PAGES];
    uint32_t control_ref;
    unsigned long prod_order, cons_order;

    await_state(link, "listening");
    prod_order = store_read_number(remote(link, "prod-order"));
    cons_order = store_read_number(remote(link, "cons-order"));
    errno = 0;
    if (prod_order != order_of(link->ring_pages) || cons_order != prod_order)
        fail("the listener offers ring orders %lu and %lu", prod_order, cons_order);
    read_refs(link, "prod", refs);
    link->listener_ring = mapped(link, link->ring_pages, refs, PROT_READ);
    read_refs(link, "cons", refs);
    link->connector_ring = mapped(link, link->ring_pages, refs, PROT_READ | PROT_WRITE);
    control_ref = (uint32_t)store_read_number(remote(link, "control-gref"));
    link->control = mapped(link, 1, &control_ref, PROT_READ | PROT_WRITE);
    link->receive_port = bind_remote(link, "prod-evtchn");
    link->send_port = bind_remote(link, "cons-evtchn");
    set_state(link, "connected");
    await_state(link, "connected");
}

void v2v_link_open(struct v2v_link *link, const struct options *options, int listening, unsigned int ring_pages)
{
    memset(link, 0, sizeof *link);
    link->listening = listening;
    link->peer = (int)option_required_number(options, "peer");
    link->ring_pages = ring_pages;
    errno = 0;
    if (snprintf(link->name, sizeof link->name, "%s", option_required(options, "name")) >= (int)sizeof link->name)
        fail("the name %s is too long", option_required(options, "name"));
    link->asked = option_number(options, "ask", 0) == 1;
    if (link->asked)
        v2v_request(link->name, link->peer, listening);
    find_peer(link, link->name);
    link->share = xengntshr_open(NULL, 0);
    link->map = xengnttab_open(NULL, 0);
    link->events = xenevtchn_open(NULL, 0);
    if (link->share == NULL || link->map == NULL || link->events == NULL)
        fail("/dev/xen/gntalloc, gntdev or evtchn cannot be opened");
    if (listening)
        listen_for_peer(link);
    else
        connect_to_peer(link);
    link->ring = (struct v2v_ring){ .ring_bytes = link->ring_pages * V2V_PAGE_BYTES };
    link->ring.own = listening ? &link->control->listener : &link->control->connector;
    link->ring.peer = listening ? &link->control->connector : &link->control->listener;
    link->ring.outgoing = listening ? link->listener_ring : link->connector_ring;
    link->ring.incoming = listening ? link->connector_ring : link->listener_ring;
}

int v2v_link_wait(struct v2v_link *link)
{
    xenevtchn_port_or_error_t port = xenevtchn_pending(link->events);

    if (port < 0)
        return -1;
    return xenevtchn_unmask(link->events, (evtchn_port_t)port);
}

int v2v_link_descriptors(struct v2v_link *link, int *descriptors)
{
    if (link->peer_watch == 0)
        link->peer_watch = store_watch(remote(link, "state"));
    descriptors[0] = xenevtchn_fd(link->events);
    descriptors[1] = link->peer_watch;
    return 2;
}

/* WaitForMultipleObjects of the published code: an event channel, or the peer's state. */
int v2v_link_wait_for(struct v2v_link *link, int milliseconds)
{
    struct pollfd ready[2] = { { .events = POLLIN }, { .events = POLLIN } };
    int descriptors[2];

    v2v_link_descriptors(link, descriptors);
    ready[0].fd = descriptors[0];
    ready[1].fd = descriptors[1];
    if (poll(ready, 2, milliseconds) < 0)
        return -1;
    if (ready[1].revents != 0 && store_watch_wait(link->peer_watch, 0) == 1)
        link->peer_gone = !peer_is_in_state(link, "connected");
    return ready[0].revents != 0 ? v2v_link_wait(link) : 0;
}

/*
 * The listener cannot take its pages back while the connector maps them: it waits until the connector is no longer
 * connected, as V2V does. One whose nodes are gone is dead.
 */
void v2v_link_close(struct v2v_link *link)
{
    if (link->listening) {
        set_state(link, "disconnecting");
        await_end_of_state(link, "connected");
        if (xengntshr_unshare(link->share, link->listener_ring, link->ring_pages) != 0 ||
            xengntshr_unshare(link->share, link->connector_ring, link->ring_pages) != 0 ||
            xengntshr_unshare(link->share, link->control, 1) != 0)
            fail("granted pages could not be taken back");
    } else {
        if (xengnttab_unmap(link->map, link->listener_ring, link->ring_pages) != 0 ||
            xengnttab_unmap(link->map, link->connector_ring, link->ring_pages) != 0 ||
            xengnttab_unmap(link->map, link->control, 1) != 0)
            fail("mapped pages could not be unmapped");
    }
    set_state(link, "disconnected");
    if (link->peer_watch != 0)
        close(link->peer_watch);
    if (link->asked)
        v2v_request_withdraw(link->name, link->peer, link->listening);
    xenevtchn_close(link->events);
    xengnttab_close(link->map);
    xengntshr_close(link->share);
}
