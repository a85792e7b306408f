/*
 * Takes the place of libc's socket calls in an unmodified program (LD_PRELOAD), as the V4V proposal's interposer did: a TCP
 * connection to one of the chosen addresses becomes a connection to the relay, which carries it over a transport. All else is
 * left alone.
 *
 * A chosen connection is a UNIX stream socket put in the place of the program's TCP socket, under the same number. So
 * read, write, poll, epoll, select, sendfile, shutdown, dup and fork need no interposition. What the program may ask of
 * its socket and only TCP can answer (names, options) is answered here. The library keeps no table: what it must know of a
 * socket stands in the name to which that socket is bound, so that it survives fork, exec, dup and being passed on.
 *
 *   INTERDOM_RELAY   path of the relay's UNIX socket
 *   INTERDOM_CHOSEN  addresses, "192.0.2.1:22,192.0.2.2:*"
 *
 * Towards the relay: "CONNECT host:port\n"; it answers "0\n", or the errno of the far end's connect. Then bytes follow.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "address.h"

/* As long as Linux tries to connect a TCP socket. */
#define CONNECT_TIMEOUT_MS 127000
/* Abstract names: they go with the socket. "\0interdom/FAMILY/ADDRESS/LOCALPORT/PID.COUNT" */
#define NAME_PREFIX "interdom/"
#define FIRST_LOCAL_PORT 32768
#define LOCAL_PORTS 28232

/* The function that this library stands before. */
#define NEXT(name)                                                     \
    static __typeof__(&name) next;                                     \
    if (next == NULL && (next = dlsym(RTLD_NEXT, #name)) == NULL) {    \
        errno = ENOSYS;                                                \
        return -1;                                                     \
    }

/* What the name of a chosen socket says. */
struct chosen {
    int family;
    unsigned local_port;
    char address[ADDRESS_TEXT];
};

static int own_getsockname(int fd, struct sockaddr *address, socklen_t *length)
{
    NEXT(getsockname)
    return next(fd, address, length);
}

static int own_connect(int fd, const struct sockaddr *address, socklen_t length)
{
    NEXT(connect)
    return next(fd, address, length);
}

static int own_getsockopt(int fd, int level, int name, void *value, socklen_t *length)
{
    NEXT(getsockopt)
    return next(fd, level, name, value, length);
}

static int own_setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
    NEXT(setsockopt)
    return next(fd, level, name, value, length);
}

/* Whether fd is a socket that this library has put in the place of a TCP socket. */
static int is_chosen(int fd, struct chosen *chosen)
{
    struct sockaddr_un name;
    socklen_t length = sizeof name;
    int saved = errno;
    int found = 0;

    memset(&name, 0, sizeof name);
    if (own_getsockname(fd, (struct sockaddr *)&name, &length) == 0 && name.sun_family == AF_UNIX &&
        length > offsetof(struct sockaddr_un, sun_path) + 1 && length < sizeof name &&
        name.sun_path[0] == '\0' && strncmp(name.sun_path + 1, NAME_PREFIX, strlen(NAME_PREFIX)) == 0) {
        found = sscanf(name.sun_path + 1 + strlen(NAME_PREFIX), "%d/%63[^/]/%u/", &chosen->family,
                       chosen->address, &chosen->local_port) == 3;
    }
    errno = saved;
    return found;
}

static int bind_name(int fd, int family, const char *address)
{
    static atomic_uint count;
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    unsigned number = atomic_fetch_add(&count, 1);
    unsigned port = FIRST_LOCAL_PORT + ((unsigned)getpid() * 31 + number) % LOCAL_PORTS;
    int bytes = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, NAME_PREFIX "%d/%s/%u/%d.%u", family,
                         address, port, (int)getpid(), number);

    if (bytes < 0 || (size_t)bytes >= sizeof name.sun_path - 1) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return bind(fd, (struct sockaddr *)&name, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)bytes));
}

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reads the relay's answer, a line with a number, byte by byte: what follows it belongs to the program. */
static int read_answer(int fd)
{
    char text[8];
    size_t got = 0;
    long long end = now_ms() + CONNECT_TIMEOUT_MS;

    while (got < sizeof text - 1) {
        struct pollfd ready = { .fd = fd, .events = POLLIN };
        long long left = end - now_ms();
        int n = left <= 0 ? 0 : poll(&ready, 1, (int)left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0)
            return ETIMEDOUT;
        ssize_t bytes = read(fd, text + got, 1);
        if (bytes < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (bytes <= 0)
            return ECONNREFUSED;
        if (text[got] == '\n') {
            text[got] = '\0';
            return atoi(text);
        }
        got++;
    }
    return EPROTO;
}

static int write_all(int fd, const char *text, size_t bytes)
{
    while (bytes > 0) {
        ssize_t written = send(fd, text, bytes, MSG_NOSIGNAL);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        text += written;
        bytes -= (size_t)written;
    }
    return 0;
}

/* A socket connected to `address` through the relay; -1 and errno as TCP would have it. */
static int open_chosen(int family, const char *address)
{
    const char *relay = getenv("INTERDOM_RELAY");
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    char request[ADDRESS_TEXT + 16];
    int error;

    if (relay == NULL || strlen(relay) >= sizeof to.sun_path) {
        errno = ENETUNREACH;
        return -1;
    }
    strcpy(to.sun_path, relay);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int bytes = snprintf(request, sizeof request, "CONNECT %s\n", address);
    if (bind_name(fd, family, address) != 0)
        error = errno;
    else if (own_connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        error = errno == EAGAIN ? ECONNREFUSED : errno == ENOENT ? ENETUNREACH : errno;
    else if (write_all(fd, request, (size_t)bytes) != 0)
        error = ECONNRESET;
    else
        error = read_answer(fd);
    if (error == 0)
        return fd;
    close(fd);
    errno = error;
    return -1;
}

static void copy_option(int from, int to, int name)
{
    char value[64];
    socklen_t length = sizeof value;

    if (own_getsockopt(from, SOL_SOCKET, name, value, &length) == 0)
        own_setsockopt(to, SOL_SOCKET, name, value, length);
}

/* What the program has set on its TCP socket holds for the one in its place. */
static void copy_settings(int from, int to)
{
    int flags = fcntl(from, F_GETFL);

    copy_option(from, to, SO_RCVTIMEO);
    copy_option(from, to, SO_SNDTIMEO);
    if (flags >= 0)
        fcntl(to, F_SETFL, flags & (O_NONBLOCK | O_ASYNC));
    if (flags >= 0 && (flags & O_ASYNC) != 0)
        fcntl(to, F_SETOWN, fcntl(from, F_GETOWN));
}

/* Registrations of a socket with epoll belong to what it was: a program may have made them before it connects. The kernel
 * lists them in /proc, so no table is kept here. */
struct registration {
    int epoll;
    struct epoll_event event;
};

static size_t read_registrations(int epoll, int fd, struct registration *found, size_t room)
{
    char path[64], line[256];
    size_t count = 0;

    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", epoll);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    while (count < room && fgets(line, sizeof line, file) != NULL) {
        int target;
        unsigned events;
        unsigned long long data;
        if (sscanf(line, "tfd: %d events: %x data: %llx", &target, &events, &data) == 3 && target == fd) {
            found[count].epoll = epoll;
            found[count].event.events = events;
            found[count].event.data.u64 = data;
            count++;
        }
    }
    fclose(file);
    return count;
}

static size_t find_registrations(int fd, struct registration *found, size_t room)
{
    DIR *folder = opendir("/proc/self/fd");
    struct dirent *entry;
    size_t count = 0;

    if (folder == NULL)
        return 0;
    while (count < room && (entry = readdir(folder)) != NULL) {
        char path[64], target[32];
        int number = atoi(entry->d_name);
        snprintf(path, sizeof path, "/proc/self/fd/%d", number);
        ssize_t bytes = readlink(path, target, sizeof target - 1);
        if (bytes < 0)
            continue;
        target[bytes] = '\0';
        if (strcmp(target, "anon_inode:[eventpoll]") == 0)
            count += read_registrations(number, fd, found + count, room - count);
    }
    closedir(folder);
    return count;
}

/* Whether this connect is to be interposed: a TCP socket, and a chosen address. */
static int is_for_relay(int fd, const struct sockaddr *address, socklen_t length, char text[ADDRESS_TEXT])
{
    const char *list = getenv("INTERDOM_CHOSEN");
    int type = 0;
    socklen_t bytes = sizeof type;

    return list != NULL && address != NULL && length >= sizeof address->sa_family &&
           address_to_text(address, length, text) == 0 && address_is_chosen(text, list) &&
           own_getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &bytes) == 0 && type == SOCK_STREAM;
}

static int connect_chosen(int fd, int family, const char *address)
{
    struct registration registrations[16];
    size_t count;
    int close_on_exec = fcntl(fd, F_GETFD) & FD_CLOEXEC;
    int opened = open_chosen(family, address);

    if (opened < 0)
        return -1;
    copy_settings(fd, opened);
    count = find_registrations(fd, registrations, sizeof registrations / sizeof registrations[0]);
    if (dup3(opened, fd, close_on_exec ? O_CLOEXEC : 0) < 0) {
        close(opened);
        return -1;
    }
    close(opened);
    for (size_t i = 0; i < count; i++)
        epoll_ctl(registrations[i].epoll, EPOLL_CTL_ADD, fd, &registrations[i].event);
    return 0;
}

int connect(int fd, const struct sockaddr *address, socklen_t length)
{
    char text[ADDRESS_TEXT];
    struct chosen chosen;

    if (is_chosen(fd, &chosen)) {
        errno = EISCONN;
        return -1;
    }
    if (!is_for_relay(fd, address, length, text))
        return own_connect(fd, address, length);
    return connect_chosen(fd, address->sa_family, text);
}

/* TCP Fast Open connects and sends in one call. */
ssize_t sendto(int fd, const void *bytes, size_t count, int flags, const struct sockaddr *address, socklen_t length)
{
    NEXT(sendto)
    char text[ADDRESS_TEXT];

    if ((flags & MSG_FASTOPEN) == 0 || !is_for_relay(fd, address, length, text))
        return next(fd, bytes, count, flags, address, length);
    if (connect_chosen(fd, address->sa_family, text) != 0)
        return -1;
    return next(fd, bytes, count, flags & ~MSG_FASTOPEN, NULL, 0);
}

static int answer_address(const char *text, int family, struct sockaddr *address, socklen_t *length)
{
    struct sockaddr_storage full;
    socklen_t bytes = address_from_text(text, family, &full);

    if (bytes == 0) {
        errno = EINVAL;
        return -1;
    }
    memcpy(address, &full, *length < bytes ? *length : bytes);
    *length = bytes;
    return 0;
}

int getpeername(int fd, struct sockaddr *address, socklen_t *length)
{
    NEXT(getpeername)
    struct chosen chosen;

    return is_chosen(fd, &chosen) ? answer_address(chosen.address, chosen.family, address, length)
                                  : next(fd, address, length);
}

int getsockname(int fd, struct sockaddr *address, socklen_t *length)
{
    struct chosen chosen;
    char text[ADDRESS_TEXT];

    if (!is_chosen(fd, &chosen))
        return own_getsockname(fd, address, length);
    snprintf(text, sizeof text, chosen.address[0] == '[' ? "[::1]:%u" : "127.0.0.1:%u", chosen.local_port);
    return answer_address(text, chosen.family, address, length);
}

static int is_internet(int level)
{
    return level == IPPROTO_TCP || level == IPPROTO_IP || level == IPPROTO_IPV6;
}

/* Delay, keep-alive, type of service: without meaning here, and no reason to fail. */
int setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
    struct chosen chosen;

    if (is_internet(level) && is_chosen(fd, &chosen))
        return 0;
    return own_setsockopt(fd, level, name, value, length);
}

static int answer_number(int number, void *value, socklen_t *length)
{
    if (*length < sizeof number) {
        errno = EINVAL;
        return -1;
    }
    memcpy(value, &number, sizeof number);
    *length = sizeof number;
    return 0;
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *length)
{
    struct chosen chosen;

    if (level == SOL_SOCKET && (name == SO_DOMAIN || name == SO_PROTOCOL) && is_chosen(fd, &chosen))
        return answer_number(name == SO_DOMAIN ? chosen.family : IPPROTO_TCP, value, length);
    if (!is_internet(level) || !is_chosen(fd, &chosen))
        return own_getsockopt(fd, level, name, value, length);
    if (level == IPPROTO_TCP && name == TCP_NODELAY)
        return answer_number(1, value, length);
    if (level != IPPROTO_TCP)
        return answer_number(0, value, length);
    /* A figure of a TCP connection that does not exist: better none than an invented one. */
    errno = ENOPROTOOPT;
    return -1;
}
