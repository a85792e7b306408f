#include "v2v_broker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outcome.h"
#include "store.h"
#include "v2v_request.h"

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

/* Both sides' nodes, made or removed. */
static void both_endpoints(const char *name, unsigned long listener, unsigned long connector, int remove)
{
    char listener_node[128];
    char connector_node[128];

    endpoint_node(listener_node, sizeof listener_node, listener, name);
    endpoint_node(connector_node, sizeof connector_node, connector, name);
    if (remove) {
        store_remove(listener_node);
        store_remove(connector_node);
        return;
    }
    make_endpoint(listener_node, listener, connector_node, connector);
    make_endpoint(connector_node, connector, listener_node, listener);
}

int v2v_broker(const struct options *options)
{
    store_open();
    both_endpoints(option_required(options, "name"), option_required_number(options, "listener"),
                   option_required_number(options, "connector"), option_number(options, "remove", 0) == 1);
    return 0;
}

/* ---- as a service ---- */

struct request {
    int asker;
    int peer;
    int listening;
    char name[32];
};

/* Reads a path as a request. 1, or 0 where it is none. */
static int read_request(const char *path, struct request *request)
{
    char role[16];
    int end = 0;

    if (sscanf(path, "/local/domain/%d/data/v2v-%15[a-z]-%31[^-]-%d%n", &request->asker, role, request->name,
               &request->peer, &end) != 4 || path[end] != '\0')
        return 0;
    request->listening = strcmp(role, "listener") == 0;
    return request->listening || strcmp(role, "connector") == 0;
}

static const char *request_path(int asker, const char *name, int peer, int listening)
{
    static char paths[2][160];
    static unsigned int turn;
    char *path = paths[turn++ % 2];

    snprintf(path, sizeof paths[0], "/local/domain/%d/data/%s", asker, v2v_request_node(name, peer, listening));
    return path;
}

/* A request came, was answered, or was taken back. */
static void serve_request(const struct request *request)
{
    const char *own = request_path(request->asker, request->name, request->peer, request->listening);
    const char *others = request_path(request->peer, request->name, request->asker, !request->listening);
    int listener = request->listening ? request->asker : request->peer;
    int connector = request->listening ? request->peer : request->asker;
    char *said = store_read(own);
    char *other_said = store_read(others);

    if (said == NULL && other_said == NULL) {
        both_endpoints(request->name, (unsigned long)listener, (unsigned long)connector, 1);
    } else if (said != NULL && strcmp(said, V2V_WANTED) == 0) {
        if (other_said == NULL) {
            store_write(own, V2V_WAITING);
        } else {
            both_endpoints(request->name, (unsigned long)listener, (unsigned long)connector, 0);
            store_write(own, V2V_MADE);
            store_write(others, V2V_MADE);
        }
    }
    free(said);
    free(other_said);
}

/* Serves what guests have asked for while no broker ran. */
static void serve_waiting(void)
{
    unsigned int domains, nodes;
    char **homes = store_list("/local/domain", &domains);

    if (homes == NULL)
        fail("/local/domain cannot be listed");
    for (unsigned int i = 0; i < domains; i++) {
        char data[64];
        char **names;

        snprintf(data, sizeof data, "/local/domain/%.20s/data", homes[i]);
        names = store_list(data, &nodes);
        for (unsigned int j = 0; names != NULL && j < nodes; j++) {
            struct request request;

            if (read_request(store_path(data, names[j]), &request))
                serve_request(&request);
        }
        free(names);
    }
    free(homes);
}

int v2v_broker_serve(void)
{
    int watch;

    store_open();
    watch = store_watch("/local/domain");
    serve_waiting();
    for (;;) {
        char path[256];
        struct request request;

        store_watch_next(watch, -1, path, sizeof path);
        if (read_request(path, &request))
            serve_request(&request);
    }
}
