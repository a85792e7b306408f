/*
 * One side of many connections between the same two domains, opened one after another until a limit stops them. Then:
 * does the first still carry a message, and does closing half of them let another in?
 *
 * The sides keep in step by a node of each, data/crowd: "counting", "stopped", "closed".
 */
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "channel.h"
#include "outcome.h"
#include "payload.h"
#include "roles.h"
#include "scarcity.h"
#include "store.h"

#define MOST_CONNECTIONS 2000
#define MOST_FILES 16384
#define OWN_NODE "data/crowd"
#define LOOK_MS 20
#define HELLO_MS 30000
#define STEP_MS 600000
/* Long enough for dom0 to see what is in use when no more connections can be. */
#define PEAK_US 3000000
/* The broker needs some time to remove what nobody wants any more: so often, and so long, another one is tried. */
#define RETRY_US 500000
#define MOST_RETRIES 40

struct crowd {
    const struct options *options;
    int listening;
    int peer;
    char peer_node[64];
    struct payload payload;
    unsigned char *buffer;
    struct channel *open[MOST_CONNECTIONS];
    unsigned long count;
};

static struct crowd crowd;
static jmp_buf after_failure;
static char failure[256];

static void remember_failure(const char *reason)
{
    snprintf(failure, sizeof failure, "%s", reason);
    longjmp(after_failure, 1);
}

static void say(const char *word)
{
    store_write(OWN_NODE, "%s", word);
}

static int peer_says(const char *word)
{
    char *found = store_read(crowd.peer_node);
    int says = found != NULL && strcmp(found, word) == 0;

    free(found);
    return says;
}

static void await_peer(const char *word)
{
    for (int waited = 0; !peer_says(word); waited += LOOK_MS) {
        errno = 0;
        if (waited >= STEP_MS)
            fail("the other side never came to \"%s\"", word);
        usleep(LOOK_MS * 1000);
    }
}

/* The client sends message 0 over a connection, the server receives it. 1 done; 0 the other side did not play. */
static int greet(struct channel *channel, int opening)
{
    size_t bytes = crowd.payload.message_bytes;

    for (int waited = 0; waited < HELLO_MS; waited += LOOK_MS) {
        int done = crowd.listening ? channel->transport->try_receive(channel, crowd.buffer, bytes)
                                   : channel->transport->try_send(channel, payload_of(&crowd.payload, 0), bytes);

        if (done < 0)
            return 0;
        if (done == 1)
            return !crowd.listening || payload_part_matches(&crowd.payload, 0, 0, crowd.buffer, bytes);
        if (opening && crowd.listening && peer_says("stopped"))
            return 0; /* it never came to this one */
        if (channel->transport->wait(channel, LOOK_MS) != 0)
            return 0;
    }
    return 0;
}

/* Opens connection n. 1, or 0 with the reason in `failure`. */
static int open_one(unsigned long n)
{
    char name[32], path[128];
    char *words[32];
    struct options options = { .words = words };
    struct channel *channel;

    failure[0] = '\0';
    snprintf(name, sizeof name, "name=%lu", n);
    snprintf(path, sizeof path, "path=%s%lu", option_required(crowd.options, "path"), n);
    words[options.count++] = name;
    words[options.count++] = path;
    for (int i = 0; i < crowd.options->count && options.count < 32; i++) {
        if (strncmp(crowd.options->words[i], "path=", 5) != 0)
            words[options.count++] = crowd.options->words[i];
    }
    if (setjmp(after_failure) != 0) {
        fail_to(NULL);
        return 0;
    }
    fail_to(remember_failure);
    channel = transport_named(crowd.options)->open(&options, crowd.listening);
    fail_to(NULL);
    if (greet(channel, 1)) {
        crowd.open[crowd.count++] = channel;
        return 1;
    }
    snprintf(failure, sizeof failure, "the other side did not connect");
    channel->transport->close(channel);
    return 0;
}

/* A page of the first connection that the peer has granted; 0 where the peer grants none. */
static uint32_t granted_by_peer(void)
{
    char path[128];
    char *text;
    uint32_t ref = 0;

    if (crowd.listening)
        return 0;
    snprintf(path, sizeof path, "%s1/ring-ref", option_required(crowd.options, "path"));
    text = store_read(path);
    if (text == NULL) {
        snprintf(path, sizeof path, "/local/domain/%d/data/v2v/1/control-gref", crowd.peer);
        text = store_read(path);
    }
    if (text != NULL)
        ref = (uint32_t)strtoul(text, NULL, 10);
    free(text);
    return ref;
}

static void close_half(void)
{
    for (unsigned long left = crowd.count / 2; crowd.count > left; crowd.count--)
        crowd.open[crowd.count - 1]->transport->close(crowd.open[crowd.count - 1]);
}

static void prepare(const struct options *options)
{
    struct rlimit files = { .rlim_cur = MOST_FILES, .rlim_max = MOST_FILES };

    crowd.options = options;
    crowd.listening = strcmp(option_required(options, "side"), "server") == 0;
    crowd.peer = (int)option_required_number(options, "peer");
    crowd.payload = payload_create(option_required_number(options, "message"));
    crowd.buffer = allocate(crowd.payload.message_bytes);
    snprintf(crowd.peer_node, sizeof crowd.peer_node, "/local/domain/%d/%s", crowd.peer, OWN_NODE);
    if (setrlimit(RLIMIT_NOFILE, &files) != 0)
        fail("setrlimit");
    say("counting");
    store_permit(OWN_NODE, store_own_domid(), crowd.peer);
    await_peer("counting");
}

/* Options: side=server|client, peer, path (the beginning of each), message, most, and those of the transport. */
int role_crowd(const struct options *options)
{
    unsigned long most = option_required_number(options, "most");
    const char *scarce = "nothing";
    unsigned long connections;
    char reason[sizeof failure];
    int goes_on, again = -1;

    errno = 0;
    if (most > MOST_CONNECTIONS - 1)
        fail("at most %d connections", MOST_CONNECTIONS - 1);
    prepare(options);
    while (crowd.count < most && open_one(crowd.count + 1))
        ;
    connections = crowd.count;
    snprintf(reason, sizeof reason, "%s", failure);
    if (connections < most)
        scarce = scarcity_find(crowd.peer, granted_by_peer());
    say("stopped");
    await_peer("stopped");
    usleep(PEAK_US);
    goes_on = connections > 0 && greet(crowd.open[0], 0);
    if (connections < most) {
        /* A server cannot take back what its clients still map, so they close first. */
        if (crowd.listening)
            await_peer("closed");
        close_half();
        say("closed");
        await_peer("closed");
        for (int i = 0; again != 1 && i < MOST_RETRIES; i++) {
            usleep(RETRY_US);
            again = open_one(most + 1);
        }
    }
    return report("connections=%lu goes_on=%d again=%d scarce=%s; %s%s%s", connections, goes_on, again, scarce,
                  reason[0] == '\0' ? "-" : reason,
                  again == 0 ? "; then: " : "", again == 0 ? failure : "");
}
