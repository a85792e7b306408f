#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "outcome.h"
#include "roles.h"
#include "store.h"

#define MAX_WORDS 32
#define MAX_GUESTS 8
#define MAX_REPLY 1024

/* ---- in the guest ---- */

/* Splits a command in place at its blanks; returns the number of words. */
static int split(char *text, char **words)
{
    int count = 0;

    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
        errno = 0;
        if (count == MAX_WORDS)
            fail("a command of more than %d words", MAX_WORDS);
        words[count++] = word;
    }
    return count;
}

/* Runs a role in a child whose standard output is its reply: a role that fails or crashes harms nobody else. */
static void run_in_child(char *command, char *reply)
{
    char *words[MAX_WORDS];
    int count = split(command, words);
    int pipe_ends[2];
    size_t length = 0;
    int status;
    pid_t child;

    errno = 0;
    if (count == 0)
        fail("an empty command");
    if (pipe(pipe_ends) != 0)
        fail("pipe");
    child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0) {
        struct options options = { .count = count - 1, .words = words + 1 };

        if (dup2(pipe_ends[1], STDOUT_FILENO) < 0)
            _exit(3);
        close(pipe_ends[0]);
        close(pipe_ends[1]);
        exit(run_role(words[0], &options));
    }
    close(pipe_ends[1]);
    for (;;) {
        ssize_t part = read(pipe_ends[0], reply + length, MAX_REPLY - 1 - length);

        if (part < 0 && errno == EINTR)
            continue;
        if (part <= 0)
            break;
        length += (size_t)part;
    }
    close(pipe_ends[0]);
    while (length > 0 && reply[length - 1] == '\n')
        length--;
    reply[length] = '\0';
    if (waitpid(child, &status, 0) != child)
        fail("waitpid");
    if (WIFSIGNALED(status))
        snprintf(reply, MAX_REPLY, "error role %s was killed by signal %d", words[0], WTERMSIG(status));
    else if (length == 0)
        snprintf(reply, MAX_REPLY, "error role %s ended without a word, exit code %d", words[0], WEXITSTATUS(status));
}

int serve_commands(void)
{
    unsigned long last = 0;
    int watch;

    store_open();
    store_write("data/command", "0");
    watch = store_watch("data/command");
    store_write("data/reply", "0 ok ready");
    for (;;) {
        char reply[MAX_REPLY];
        char *command, *rest;
        unsigned long sequence;

        store_watch_wait(watch, -1);
        command = store_read("data/command");
        if (command == NULL)
            continue; /* being written */
        sequence = strtoul(command, &rest, 10);
        if (sequence > last) {
            last = sequence;
            run_in_child(rest, reply);
            store_write("data/reply", "%lu %s", sequence, reply);
        }
        free(command);
    }
}

/* ---- in dom0 ---- */

struct guest {
    int domid;
    int watch;
    unsigned long sequence; /* whose answer is awaited */
    int answered;
};

static const char *guest_path(int domid, const char *node)
{
    static char paths[4][64];
    static unsigned int turn;
    char *path = paths[turn++ % 4];

    snprintf(path, sizeof paths[0], "/local/domain/%d/data/%s", domid, node);
    return path;
}

static time_t monotonic_seconds(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        fail("clock_gettime");
    return now.tv_sec;
}

/* Takes the guest's answer to the awaited command, if it is there: its text as a fresh string, else NULL. */
static char *take_answer(struct guest *guest)
{
    char *reply = store_read(guest_path(guest->domid, "reply"));
    char *text = NULL;
    char *rest;

    if (reply == NULL)
        return NULL;
    if (strtoul(reply, &rest, 10) == guest->sequence && rest != reply) {
        text = strdup(*rest == ' ' ? rest + 1 : rest);
        if (text == NULL)
            fail("no memory");
    }
    free(reply);
    return text;
}

static unsigned long last_sequence(int domid)
{
    char *command = store_read(guest_path(domid, "command"));
    unsigned long sequence = command == NULL ? 0 : strtoul(command, NULL, 10);

    free(command);
    return sequence;
}

static int starts_with_ok(const char *text)
{
    return strncmp(text, "ok", 2) == 0;
}

/* Waits for all guests; prints each answer as it comes where asked to. Returns how many did not say ok. */
static int await_answers(struct guest *guests, int count, long timeout_seconds, int print)
{
    time_t deadline = monotonic_seconds() + timeout_seconds;
    int failures = 0;

    for (int i = 0; i < count; i++) {
        struct guest *guest = &guests[i];

        for (;;) {
            char *answer = take_answer(guest);

            if (answer != NULL) {
                if (print)
                    printf("%d %s\n", guest->domid, answer);
                if (!starts_with_ok(answer))
                    failures++;
                free(answer);
                break;
            }
            if (monotonic_seconds() >= deadline) {
                printf("%d error no answer within %ld s\n", guest->domid, timeout_seconds);
                failures++;
                break;
            }
            store_watch_wait(guest->watch, 1000);
        }
    }
    return failures;
}

int await_ready(const struct options *options)
{
    char *list = strdup(option_required(options, "domains"));
    long timeout = (long)option_number(options, "timeout", 60);
    struct guest guests[MAX_GUESTS];
    int count = 0;

    if (list == NULL)
        fail("no memory");
    store_open();
    for (char *word = strtok(list, ","); word != NULL; word = strtok(NULL, ",")) {
        errno = 0;
        if (count == MAX_GUESTS)
            fail("more than %d guests", MAX_GUESTS);
        guests[count].domid = atoi(word);
        guests[count].sequence = 0;
        guests[count].watch = store_watch(guest_path(guests[count].domid, "reply"));
        count++;
    }
    free(list);
    return await_answers(guests, count, timeout, 0) == 0 ? 0 : 1;
}

int run_commands(int count, char **words)
{
    struct guest guests[MAX_GUESTS];
    int guest_count = (count - 1) / 2;
    int failures;

    errno = 0;
    if (count < 3 || count % 2 == 0 || guest_count > MAX_GUESTS)
        fail("usage: run SECONDS DOMAIN COMMAND [DOMAIN COMMAND]...");
    store_open();
    for (int i = 0; i < guest_count; i++) {
        struct guest *guest = &guests[i];

        guest->domid = atoi(words[1 + 2 * i]);
        guest->sequence = last_sequence(guest->domid) + 1;
        guest->watch = store_watch(guest_path(guest->domid, "reply"));
    }
    for (int i = 0; i < guest_count; i++) {
        store_write(guest_path(guests[i].domid, "command"), "%lu %s", guests[i].sequence, words[2 + 2 * i]);
        store_permit(guest_path(guests[i].domid, "command"), guests[i].domid, -1);
    }
    failures = await_answers(guests, guest_count, atol(words[0]), 1);
    for (int i = 0; i < guest_count; i++)
        close(guests[i].watch);
    return failures == 0 ? 0 : 1;
}
