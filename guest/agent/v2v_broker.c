#include "v2v_broker.h"

#include <errno.h>
#include <stdio.h>

#include "outcome.h"
#include "store.h"

/* /local/domain/DOMID/data/v2v/NAME */
static void endpoint_node(char *buffer, size_t bytes, unsigned long domid, const char *name)
{
    errno = 0;
    if (snprintf(buffer, bytes, "/local/domain/%lu/data/v2v/%s", domid, name) >= (int)bytes)
        fail("the name %s is too long", name);
}

/* Nodes that the owner writes and its peer reads; what the owner adds below inherits that. */
static void make_endpoint(const char *node, unsigned long owner, const char *peer_node, unsigned long peer)
{
    static const char *const names[] = { "backend", "peer-domid", "state" };

    store_write(node, "%s", "");
    store_permit(node, (int)owner, (int)peer);
    store_write(store_path(node, "backend"), "%s", peer_node);
    store_write(store_path(node, "peer-domid"), "%lu", peer);
    store_write(store_path(node, "state"), "unready");
    for (int i = 0; i < 3; i++)
        store_permit(store_path(node, names[i]), (int)owner, (int)peer);
}

int v2v_broker(const struct options *options)
{
    const char *name = option_required(options, "name");
    unsigned long listener = option_required_number(options, "listener");
    unsigned long connector = option_required_number(options, "connector");
    char listener_node[128];
    char connector_node[128];

    store_open();
    endpoint_node(listener_node, sizeof listener_node, listener, name);
    endpoint_node(connector_node, sizeof connector_node, connector, name);
    if (option_number(options, "remove", 0) == 1) {
        store_remove(listener_node);
        store_remove(connector_node);
        return 0;
    }
    make_endpoint(listener_node, listener, connector_node, connector);
    make_endpoint(connector_node, connector, listener_node, listener);
    return 0;
}
