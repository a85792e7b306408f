/*
 * One end of one connection and the program that holds it, as the model has it (src/scenario/faults/party.ts). It lives
 * on when its role has answered, and shows on a board how it is doing:
 *
 *   state=WORD sent=N received=N wrong=N told=0|1 reason=TEXT
 *
 *   connecting   not connected yet
 *   talking      the server answers each message by one; the client asks every so often
 *   closed       it has let go: dom0 said so, or the protocol told it that its peer has gone (told=1)
 *   failed       why is said by the reason
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "board.h"
#include "channel.h"
#include "outcome.h"
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

/* The step may be repeated until it is done. 1 done; 0 this end is to stop. */
static int repeat(int (*step)(struct channel *channel))
{
    for (;;) {
        int done;

        if (board_says_close(board))
            return 0;
        errno = 0;
        done = step(party.channel);
        if (done == 1)
            return 1;
        if (done < 0 && errno != ENOTCONN)
            fail("a step of the connection");
        if (done < 0) {
            party.told = 1;
            return 0;
        }
        if (party.channel->transport->wait(party.channel, LOOK_MS) != 0)
            fail("waiting for the peer");
    }
}

static int send_step(struct channel *channel)
{
    return channel->transport->try_send(channel, payload_of(&party.payload, party.sent), party.payload.message_bytes);
}

static int receive_step(struct channel *channel)
{
    return channel->transport->try_receive(channel, party.buffer, party.payload.message_bytes);
}

static int send_one(void)
{
    if (!repeat(send_step))
        return 0;
    party.sent++;
    show("talking", "");
    return 1;
}

static int receive_one(void)
{
    if (!repeat(receive_step))
        return 0;
    if (!payload_part_matches(&party.payload, party.received, 0, party.buffer, party.payload.message_bytes))
        party.wrong++;
    party.received++;
    show("talking", "");
    return 1;
}

static void talk(int listening, useconds_t period_us)
{
    for (;;) {
        int went_well = listening ? receive_one() && send_one() : send_one() && receive_one();

        if (!went_well)
            return;
        if (!listening && usleep(period_us) != 0)
            fail("usleep");
    }
}

/* The answer to dom0 is given and its pipe closed: what comes now stands on the board. */
static void leave_the_role(unsigned int ref)
{
    int nowhere;

    if (setsid() < 0)
        fail("setsid");
    if (report("board=%u", ref) != 0)
        _exit(1);
    nowhere = open("/dev/null", O_RDWR);
    if (nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
        fail("/dev/null");
    close(nowhere);
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
    leave_the_role(ref);
    fail_to(show_failure);
    if (delay_us > 0 && usleep(delay_us) != 0)
        fail("usleep");
    party.channel = transport_named(options)->open(options, listening);
    show("talking", "");
    talk(listening, (useconds_t)option_number(options, "period", 5) * 1000);
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
