/*
 * One end of one connection and the program that holds it, as the model has it (src/scenario/faults/party.ts). It lives
 * on when its role has answered, and shows on a board how it is doing:
 *
 *   state=WORD sent=N received=N wrong=N told=0|1 reason=TEXT
 *
 *   connecting   not connected yet
 *   talking      the server answers each message by one; the client sends one every so often, answered or not
 *   closed       it has let go: dom0 said so, or the protocol told it that its peer has gone (told=1)
 *   failed       why is said by the reason
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "board.h"
#include "channel.h"
#include "outcome.h"
#include "outlive.h"
#include "payload.h"
#include "roles.h"
#include "store.h"

#define LOOK_MS 10

struct party {
    struct channel *channel;
    struct payload payload;
    unsigned char *buffer;
    const char *state;
    unsigned long sent;
    unsigned long received;
    unsigned long wrong;
    int told;
};

/* One a process: where a failure is written, and by whom. */
static struct board *board;
static struct party party;

static void show(const char *state, const char *reason)
{
    party.state = state;
    board_write(board, "state=%s sent=%lu received=%lu wrong=%lu told=%d reason=%s", state, party.sent, party.received,
                party.wrong, party.told, reason);
}

/* What failed stays to be seen, and so does what the end holds, until dom0 says that it is to end. */
static void show_failure(const char *reason)
{
    show("failed", reason);
    while (!board_says_close(board))
        usleep(LOOK_MS * 1000);
    _exit(0);
}

/* One try. 1 done; 0 not now; -1 the protocol says that the peer has gone. */
static int attempt(int (*step)(struct channel *channel))
{
    int done;

    errno = 0;
    done = step(party.channel);
    if (done < 0 && errno != ENOTCONN)
        fail("a step of the connection");
    if (done < 0)
        party.told = 1;
    return done;
}

static void wait_for_peer(void)
{
    if (party.channel->transport->wait(party.channel, LOOK_MS) != 0)
        fail("waiting for the peer");
}

static int send_step(struct channel *channel)
{
    return channel->transport->try_send(channel, payload_of(&party.payload, party.sent), party.payload.message_bytes);
}

static int receive_step(struct channel *channel)
{
    return channel->transport->try_receive(channel, party.buffer, party.payload.message_bytes);
}

static int try_send(void)
{
    int done = attempt(send_step);

    if (done != 1)
        return done;
    party.sent++;
    show("talking", "");
    return 1;
}

static int try_receive(void)
{
    int done = attempt(receive_step);

    if (done != 1)
        return done;
    if (!payload_part_matches(&party.payload, party.received, 0, party.buffer, party.payload.message_bytes))
        party.wrong++;
    party.received++;
    show("talking", "");
    return 1;
}

/* Repeats a step until it is done. 1 done; 0 this end is to stop. */
static int finish(int (*try)(void))
{
    while (!board_says_close(board)) {
        int done = try();

        if (done != 0)
            return done == 1;
        wait_for_peer();
    }
    return 0;
}

static void answer_all(void)
{
    while (finish(try_receive) && finish(try_send))
        ;
}

static long long now_ms(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        fail("clock_gettime");
    return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

/* Whether or not it was answered: who only waited for an answer would learn from no call that nobody is there. */
static void ask_every(long long period_ms)
{
    long long next_ms = now_ms();

    while (!board_says_close(board)) {
        if (now_ms() >= next_ms) {
            next_ms = now_ms() + period_ms;
            if (try_send() < 0)
                return;
        }
        if (try_receive() < 0)
            return;
        wait_for_peer();
    }
}

static int live(const struct options *options)
{
    const char *side = option_required(options, "side");
    int listening = strcmp(side, "server") == 0;
    useconds_t delay_us = (useconds_t)option_number(options, "delay", 0) * 1000;
    unsigned int ref;

    store_open_own();
    board = board_create(&ref);
    party.payload = payload_create(option_required_number(options, "message"));
    party.buffer = allocate(party.payload.message_bytes);
    show("connecting", "");
    outlive_role("board=%u", ref);
    fail_to(show_failure);
    if (delay_us > 0 && usleep(delay_us) != 0)
        fail("usleep");
    party.channel = transport_named(options)->open(options, listening);
    show("talking", "");
    if (listening)
        answer_all();
    else
        ask_every((long long)option_number(options, "period", 5));
    show("closing", "");
    party.channel->transport->close(party.channel);
    show("closed", "");
    while (!board_says_close(board))
        usleep(LOOK_MS * 1000);
    return 0;
}

/*
 * Options: side=server|client, those of the transport, message (bytes), period (milliseconds between a client's
 * messages), delay (milliseconds before it connects).
 */
int role_party(const struct options *options)
{
    pid_t child = fork();

    if (child < 0)
        fail("fork");
    return child > 0 ? 0 : live(options);
}
