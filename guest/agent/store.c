#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xenstore.h>
#include <xen/io/xs_wire.h>

#include "outcome.h"

static struct xs_handle *store;

void store_open(void)
{
    if (store != NULL)
        return;
    store = xs_open(0);
    if (store == NULL)
        fail("xenstore cannot be opened");
}

void store_open_own(void)
{
    store = NULL; /* the parent's, who still uses it: not to be closed here */
    store_open();
}

char *store_read(const char *path)
{
    unsigned int length;

    return xs_read(store, XBT_NULL, path, &length);
}

char **store_list(const char *path, unsigned int *count)
{
    return xs_directory(store, XBT_NULL, path, count);
}

unsigned long store_read_number(const char *path)
{
    char *text = store_read(path);
    char *end;
    unsigned long value;

    if (text == NULL)
        fail("xenstore node %s cannot be read", path);
    errno = 0;
    value = strtoul(text, &end, 10);
    if (errno != 0 || *text == '\0' || *end != '\0')
        fail("xenstore node %s holds \"%s\", not a number", path, text);
    free(text);
    return value;
}

void store_write(const char *path, const char *format, ...)
{
    char value[4096];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(value, sizeof value, format, arguments);
    va_end(arguments);
    errno = 0;
    if (length < 0 || length >= (int)sizeof value)
        fail("value for xenstore node %s is too long", path);
    if (!xs_write(store, XBT_NULL, path, value, (unsigned int)length))
        fail("xenstore node %s cannot be written", path);
}

int store_try_write(const char *path, const char *value)
{
    return xs_write(store, XBT_NULL, path, value, (unsigned int)strlen(value)) ? 1 : 0;
}

static void set_permissions(const char *path, int owner, int other, unsigned int access)
{
    struct xs_permissions permissions[2] = {
        { .id = (unsigned int)owner, .perms = XS_PERM_NONE }, /* the first entry names the owner */
        { .id = (unsigned int)other, .perms = access },
    };

    if (!xs_set_permissions(store, XBT_NULL, path, permissions, other < 0 ? 1 : 2))
        fail("permissions of xenstore node %s cannot be set", path);
}

void store_permit(const char *path, int owner, int reader)
{
    set_permissions(path, owner, reader, XS_PERM_READ);
}

void store_permit_writer(const char *path, int writer)
{
    set_permissions(path, store_own_domid(), writer, XS_PERM_READ | XS_PERM_WRITE);
}

void store_remove(const char *path)
{
    if (!xs_rm(store, XBT_NULL, path) && errno != ENOENT)
        fail("xenstore node %s cannot be removed", path);
}

int store_set_quota(const struct options *options)
{
    char words[128];
    const char *name = option_required(options, "name");
    unsigned long value = option_required_number(options, "value");
    int length = snprintf(words, sizeof words, "set%c%s%c%lu", '\0', name, '\0', value);
    char *answer;

    store_open();
    errno = 0;
    if (length >= (int)sizeof words)
        fail("the name %s is too long", name);
    answer = xs_control_command(store, "quota", words, (unsigned int)length + 1);
    if (answer == NULL || strcmp(answer, "OK") != 0)
        fail("xenstored does not set quota %s: %s", name, answer == NULL ? "no answer" : answer);
    free(answer);
    return 0;
}

int store_own_domid(void)
{
    return (int)store_read_number("domid");
}

const char *store_path(const char *base, const char *name)
{
    static char buffers[4][256];
    static unsigned int turn;
    char *buffer = buffers[turn++ % 4];

    errno = 0;
    if (snprintf(buffer, sizeof buffers[0], "%s/%s", base, name) >= (int)sizeof buffers[0])
        fail("xenstore path %s/%s is too long", base, name);
    return buffer;
}

int store_watch(const char *path)
{
    static const char token[] = "w";
    struct xsd_sockmsg header = { .type = XS_WATCH, .req_id = 1 };
    char message[sizeof header + 256];
    size_t path_bytes = strlen(path) + 1;
    size_t total = sizeof header + path_bytes + sizeof token;
    int watch;

    errno = 0;
    if (total > sizeof message)
        fail("path %s is too long to watch", path);
    header.len = (uint32_t)(path_bytes + sizeof token);
    memcpy(message, &header, sizeof header);
    memcpy(message + sizeof header, path, path_bytes);
    memcpy(message + sizeof header + path_bytes, token, sizeof token);
    watch = open("/dev/xen/xenbus", O_RDWR | O_CLOEXEC);
    if (watch < 0)
        fail("/dev/xen/xenbus");
    if (write(watch, message, total) != (ssize_t)total)
        fail("watch on %s", path);
    return watch;
}

static void read_whole(int descriptor, void *buffer, size_t bytes)
{
    size_t got = 0;

    while (got < bytes) {
        ssize_t part = read(descriptor, (char *)buffer + got, bytes - got);

        if (part < 0 && errno == EINTR)
            continue;
        if (part <= 0)
            fail("the xenstore connection broke");
        got += (size_t)part;
    }
}

int store_watch_wait(int watch, int timeout_ms)
{
    char path[1];

    return store_watch_next(watch, timeout_ms, path, sizeof path);
}

int store_watch_next(int watch, int timeout_ms, char *path, unsigned int bytes)
{
    struct xsd_sockmsg header;
    char body[XENSTORE_PAYLOAD_MAX];

    for (;;) {
        if (timeout_ms >= 0) {
            struct pollfd ready = { .fd = watch, .events = POLLIN };
            int count = poll(&ready, 1, timeout_ms);

            if (count == 0)
                return 0;
            if (count < 0)
                fail("poll");
        }
        read_whole(watch, &header, sizeof header);
        errno = 0;
        if (header.len > sizeof body)
            fail("xenstore sent %u bytes at once", header.len);
        read_whole(watch, body, header.len);
        if (header.type == XS_WATCH_EVENT) {
            snprintf(path, bytes, "%.*s", (int)strnlen(body, header.len), body);
            return 1;
        }
        if (header.type == XS_ERROR)
            fail("xenstore refused a watch: %.*s", (int)header.len, body);
        /* else the answer to the request that set the watch */
    }
}
