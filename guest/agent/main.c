/*
 * interdom-agent: runs in dom0 and in guests. In a guest it waits for commands (`serve`); in dom0 it gives them
 * (`ready`, `run`), brokers for V2V (`broker`, `broker-service`), looks how ends and domains are
 * (`board`, `domains`), sets xenstored's quotas (`store-quota`) and reduces what xentrace recorded (`tracecount`). Every part can also be played by hand, as
 * `interdom-agent ping transport=libvchan peer=2 path=/local/domain/2/data/x message=64 count=100`.
 */
#include <stdio.h>
#include <string.h>

#include "board.h"
#include "channel.h"
#include "command.h"
#include "domains.h"
#include "emit.h"
#include "marker.h"
#include "outcome.h"
#include "roles.h"
#include "store.h"
#include "tracecount.h"
#include "v2v_broker.h"

struct role {
    const char *name;
    int (*run)(const struct options *options);
};

static const struct role roles[] = {
    { "ping", role_ping },
    { "pong", role_pong },
    { "sender", role_sender },
    { "receiver", role_receiver },
    { "connect", role_connect },
    { "accept", role_accept },
    { "grantor", role_grantor },
    { "mapper", role_mapper },
    { "idle", role_idle },
    { "party", role_party },
    { "crowd", role_crowd },
    { "crash", role_crash },
    { "proxy", role_proxy },
    { "vchan-socket-proxy", role_vchan_socket_proxy },
    { "forward", role_forward },
    { "stop", role_stop },
    { "tcp-server", role_tcp_server },
    { "tcp-probe", role_tcp_probe },
    { "http-server", role_http_server },
    { "http-client", role_http_client },
};

static const struct transport *const transports[] = {
    &libvchan_transport,
    &v2v_transport,
    &argo_transport,
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

const struct transport *transport_named(const struct options *options)
{
    const char *name = option_required(options, "transport");

    for (size_t i = 0; i < COUNT(transports); i++) {
        if (strcmp(transports[i]->name, name) == 0)
            return transports[i];
    }
    fail("no transport \"%s\" in this agent", name);
}

int run_role(const char *name, const struct options *options)
{
    store_open();
    marker_init();
    for (size_t i = 0; i < COUNT(roles); i++) {
        if (strcmp(roles[i].name, name) == 0)
            return roles[i].run(options);
    }
    fail("no role \"%s\" in this agent", name);
}

int main(int count, char **words)
{
    struct options options = { .count = count - 2, .words = words + 2 };

    if (count < 2) {
        fputs("usage: interdom-agent serve | ready | run | broker | broker-service | board | domains | "
              "store-quota | tracecount | emit | ROLE [key=value]...\n", stderr);
        return 2;
    }
    if (strcmp(words[1], "serve") == 0)
        return serve_commands();
    if (strcmp(words[1], "ready") == 0)
        return await_ready(&options);
    if (strcmp(words[1], "run") == 0)
        return run_commands(count - 2, words + 2);
    if (strcmp(words[1], "broker") == 0)
        return v2v_broker(&options);
    if (strcmp(words[1], "broker-service") == 0)
        return v2v_broker_serve();
    if (strcmp(words[1], "board") == 0)
        return board_look(&options);
    if (strcmp(words[1], "domains") == 0)
        return list_domains(&options);
    if (strcmp(words[1], "store-quota") == 0)
        return store_set_quota(&options);
    if (strcmp(words[1], "emit") == 0 && count == 4)
        return emit_lines(words[2], words[3]);
    if (strcmp(words[1], "tracecount") == 0)
        return trace_count(&options);
    return run_role(words[1], &options);
}
