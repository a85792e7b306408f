/*
 * An HTTP transfer by programs that know nothing of Xen: busybox's httpd in the one guest, its wget in the other, which
 * fetches the same file over and over through whatever listens at its loopback.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loopback.h"
#include "marker.h"
#include "outcome.h"
#include "payload.h"
#include "roles.h"

#define BUSYBOX "/bin/busybox"
#define FOLDER "/srv"
#define FETCHED "/tmp/fetched"
#define SERVER_PORT 80
/* Both sides come to rest before the window opens and after it closes: what set them up must not be counted. */
#define REST_US 400000
/* Requests that go before those that are measured, and most that are. */
#define WARM_UP 2
#define MOST_REQUESTS 256

extern char **environ;

/* Runs a program to its end, with nothing to read and nowhere to write; returns its exit status as waitpid has it. */
static int run(char *const *words)
{
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status;

    posix_spawn_file_actions_init(&actions);
    for (int descriptor = 0; descriptor <= STDOUT_FILENO; descriptor++)
        posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0);
    errno = posix_spawn(&child, words[0], &actions, NULL, words, environ);
    if (errno != 0)
        fail("%s cannot be run", words[0]);
    posix_spawn_file_actions_destroy(&actions);
    if (waitpid(child, &status, 0) != child)
        fail("waitpid");
    return status;
}

/* ---- the server ---- */

static void write_file(const char *path, size_t bytes)
{
    struct payload payload = payload_create(bytes);
    FILE *file = fopen(path, "w");

    if (file == NULL || fwrite(payload_of(&payload, 0), 1, bytes, file) != bytes || fclose(file) != 0)
        fail("%s cannot be written", path);
    free(payload.pattern);
}

static int server_runs(void)
{
    int connection = loopback_connect(SERVER_PORT);

    if (connection < 0)
        return 0;
    close(connection);
    return 1;
}

/*
 * Serves a file of so many bytes, as /BYTES, at port 80 of the loopback. Option: message (its bytes).
 */
int role_http_server(const struct options *options)
{
    static char *const server[] = { BUSYBOX, "httpd", "-p", "127.0.0.1:80", "-h", FOLDER, NULL };
    unsigned long bytes = option_required_number(options, "message");
    char path[64];

    if (mkdir(FOLDER, 0755) != 0 && errno != EEXIST)
        fail(FOLDER);
    snprintf(path, sizeof path, FOLDER "/%lu", bytes);
    write_file(path, bytes);
    if (!server_runs() && run(server) != 0)
        fail("busybox httpd does not start");
    return report("bytes=%lu", bytes);
}

/* ---- the client ---- */

/*
 * Fetches a file so often, one after the other: one process, and a connection for each. A program that begins asks the
 * processor what it is, and each such question is an exit: with one process these are the same for any number of files.
 */
static void fetch(char *url, unsigned long count)
{
    char *words[MOST_REQUESTS + 6] = { BUSYBOX, "wget", "-q", "-O", FETCHED };
    int status;

    for (unsigned long i = 0; i < count; i++)
        words[5 + i] = url;
    status = run(words);
    errno = 0;
    if (status != 0)
        fail("busybox wget could not fetch %s: %s %d", url, WIFSIGNALED(status) ? "signal" : "exit code",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* How many of the files that were fetched are not what was served, to the last byte. */
static unsigned long count_wrong(const struct payload *payload, unsigned long count)
{
    uint8_t *bytes = allocate(payload->message_bytes);
    FILE *file = fopen(FETCHED, "r");
    unsigned long wrong = 0;

    if (file == NULL)
        fail(FETCHED);
    for (unsigned long i = 0; i < count; i++) {
        size_t got = fread(bytes, 1, payload->message_bytes, file);

        wrong += got != payload->message_bytes || !payload_part_matches(payload, 0, 0, bytes, got);
    }
    wrong += fgetc(file) != EOF;
    fclose(file);
    free(bytes);
    unlink(FETCHED);
    return wrong;
}

/*
 * Options: port, at which there is a way to the server; message (bytes of the file), count (of requests that are
 * measured), ring (as it was asked for, for the answer), delay.
 */
int role_http_client(const struct options *options)
{
    unsigned long count = option_required_number(options, "count");
    struct payload payload = payload_create(option_required_number(options, "message"));
    struct window window;
    unsigned long wrong;
    char url[64];

    errno = 0;
    if (count > MOST_REQUESTS)
        fail("more than %d requests", MOST_REQUESTS);
    snprintf(url, sizeof url, "http://127.0.0.1:%lu/%zu", option_required_number(options, "port"), payload.message_bytes);
    fetch(url, WARM_UP);
    wrong = count_wrong(&payload, WARM_UP);
    usleep((useconds_t)(REST_US + option_number(options, "delay", 0)));
    window_start(&window);
    fetch(url, count);
    window_stop(&window);
    wrong += count_wrong(&payload, count);
    return report("messages=%lu wrong=%lu ring=%lu ns=%llu tsc=%llu", count, wrong, option_number(options, "ring", 0),
                  (unsigned long long)window.ns, (unsigned long long)window.tsc);
}
