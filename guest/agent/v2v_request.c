#include "v2v_request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "outcome.h"
#include "store.h"

#define BROKER_MS 30000
#define OTHER_SIDE_MS 40000

const char *v2v_request_node(const char *name, int peer, int listening)
{
    static char nodes[2][96];
    static unsigned int turn;
    char *node = nodes[turn++ % 2];

    errno = 0;
    if (snprintf(node, sizeof nodes[0], "v2v-%s-%s-%d", listening ? "listener" : "connector", name, peer) >=
        (int)sizeof nodes[0])
        fail("the name %s is too long", name);
    return node;
}

/* What stands there now, by whether it is one of the words; a node that cannot be read is no word. */
static int answer_is(const char *path, const char *word)
{
    char *found = store_read(path);
    int is = found != NULL && strcmp(found, word) == 0;

    free(found);
    return is;
}

void v2v_request(const char *name, int peer, int listening)
{
    const char *path = store_path("data", v2v_request_node(name, peer, listening));
    int waited = 0;
    int watch;

    store_write(path, V2V_WANTED);
    watch = store_watch(path);
    while (!answer_is(path, V2V_MADE)) {
        int answered = answer_is(path, V2V_WAITING);

        if (waited >= (answered ? OTHER_SIDE_MS : BROKER_MS)) {
            store_remove(path);
            errno = 0;
            fail(answered ? "the other side never asked" : "the V2V broker in dom0 does not answer");
        }
        if (store_watch_wait(watch, 1000) == 0)
            waited += 1000;
    }
    close(watch);
}

void v2v_request_withdraw(const char *name, int peer, int listening)
{
    store_remove(store_path("data", v2v_request_node(name, peer, listening)));
}
