/*
 * What programs do with sockets, in one: run by the tests under `interdom exec`. Arguments, ports of 127.0.0.1 as the program
 * knows it: of a server that sends back what it gets, one at which nobody listens, of a server that resets at the first byte,
 * and one that this program may serve. Prints "ok NAME" or "FAILED NAME: why".
 *
 *   --inherited FD   is what test_exec starts: talks through a descriptor
 *   --killed N PORT  N children talk to the echo at PORT, and are killed in the middle of it
 *   --reset N PORT   N children talk to a server that resets; each says by which error it learns of it
 *   --io-uring       holds an io_uring for a second
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int failures;
static unsigned short echo_port, dead_port, reset_port, served_port;

static void check(int good, const char *name, const char *why)
{
    if (good) {
        printf("ok %s\n", name);
    } else {
        printf("FAILED %s: %s (%s)\n", name, why, strerror(errno));
        failures++;
    }
    fflush(stdout);
}

static struct sockaddr_in at(unsigned short port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int open_to(unsigned short port, int flags)
{
    struct sockaddr_in address = at(port);
    int fd = socket(AF_INET, SOCK_STREAM | flags, 0);

    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

static int read_exactly(int fd, char *into, size_t bytes)
{
    size_t got = 0;
    while (got < bytes) {
        ssize_t n = read(fd, into + got, bytes - got);
        if (n <= 0)
            return -1;
        got += (size_t)n;
    }
    return 0;
}

/* Sends a word and gets it back. */
static int talks(int fd, const char *word)
{
    char back[64] = { 0 };
    return write(fd, word, strlen(word)) == (ssize_t)strlen(word) && read_exactly(fd, back, strlen(word)) == 0 &&
           strcmp(back, word) == 0;
}

static void *thread_main(void *unused)
{
    (void)unused;
    int fd = open_to(echo_port, 0);
    int good = fd >= 0 && talks(fd, "thread");
    if (fd >= 0)
        close(fd);
    return good ? "good" : NULL;
}

static void test_threads(void)
{
    pthread_t threads[8];
    int good = 1;
    for (int i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, thread_main, NULL);
    for (int i = 0; i < 8; i++) {
        void *result;
        pthread_join(threads[i], &result);
        good &= result != NULL;
    }
    check(good, "threads", "eight connections of eight threads");
}

static void test_fork(void)
{
    int fd = open_to(echo_port, 0);
    pid_t child = fork();
    if (child == 0) {
        struct sockaddr_in peer;
        socklen_t length = sizeof peer;
        int own = open_to(echo_port, 0);
        int good = talks(fd, "inherited") && own >= 0 && talks(own, "own") &&
                   getpeername(fd, (struct sockaddr *)&peer, &length) == 0 && ntohs(peer.sin_port) == echo_port;
        _exit(good ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    check(status == 0, "fork", "a connection that a child inherits, and one of its own");
    check(talks(fd, "parent"), "fork, then the parent", "the connection after the child has ended");
    close(fd);
}

static void test_nonblocking(void)
{
    int fd = open_to(echo_port, SOCK_NONBLOCK);
    struct pollfd ready = { .fd = fd, .events = POLLOUT };
    int error = -1;
    socklen_t length = sizeof error;
    char byte;

    check(fd >= 0, "non-blocking connect", "neither 0 nor EINPROGRESS");
    check(poll(&ready, 1, 5000) == 1 && (ready.revents & POLLOUT) != 0, "poll for writing", "not ready");
    check(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0, "SO_ERROR", "not 0");
    check((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0, "O_NONBLOCK stays", "it is gone");
    check(read(fd, &byte, 1) < 0 && errno == EAGAIN, "non-blocking read", "not EAGAIN");
    check(write(fd, "x", 1) == 1, "non-blocking write", "not taken");
    ready.events = POLLIN;
    check(poll(&ready, 1, 5000) == 1 && read(fd, &byte, 1) == 1 && byte == 'x', "poll for reading", "nothing came");
    close(fd);
}

static void test_epoll_before_connect(void)
{
    struct sockaddr_in address = at(echo_port);
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data = { .u64 = 4711 } };
    int epoll = epoll_create1(0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    char byte = 0;

    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    int result = connect(fd, (struct sockaddr *)&address, sizeof address);
    check(result == 0 || errno == EINPROGRESS, "connect after epoll_ctl", "refused");
    memset(&event, 0, sizeof event);
    check(epoll_wait(epoll, &event, 1, 5000) == 1 && event.data.u64 == 4711 && (event.events & EPOLLOUT) != 0,
          "epoll registered before connect", "no event");
    check(write(fd, "e", 1) == 1, "write", "not taken");
    memset(&event, 0, sizeof event);
    int got = 0;
    while (!got && epoll_wait(epoll, &event, 1, 5000) == 1)
        got = (event.events & EPOLLIN) != 0 && read(fd, &byte, 1) == 1;
    check(got && byte == 'e', "epoll for reading", "nothing came");
    close(fd);
    close(epoll);
}

static void test_names(void)
{
    struct sockaddr_in peer, own;
    socklen_t length = sizeof peer;
    int number = 0;
    int fd = open_to(echo_port, 0);

    check(getpeername(fd, (struct sockaddr *)&peer, &length) == 0 && length == sizeof peer && peer.sin_family == AF_INET &&
              peer.sin_port == htons(echo_port) && peer.sin_addr.s_addr == htonl(INADDR_LOOPBACK),
          "getpeername", "not the address that was asked for");
    length = sizeof own;
    check(getsockname(fd, (struct sockaddr *)&own, &length) == 0 && own.sin_family == AF_INET && own.sin_port != 0,
          "getsockname", "no internet address");
    length = sizeof number;
    check(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &number, &length) == 0 && number == AF_INET, "SO_DOMAIN", "not AF_INET");
    number = 1;
    check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &number, sizeof number) == 0, "TCP_NODELAY", "refused");
    check(connect(fd, (struct sockaddr *)&peer, sizeof peer) != 0 && errno == EISCONN, "connect twice", "not EISCONN");
    close(fd);
}

static void test_half_close(void)
{
    char back[8] = { 0 };
    int fd = open_to(echo_port, 0);
    int good = write(fd, "end", 3) == 3 && shutdown(fd, SHUT_WR) == 0 && read_exactly(fd, back, 3) == 0 &&
               strcmp(back, "end") == 0 && read(fd, back, 1) == 0;
    check(good, "half-close", "no answer behind shutdown, or no end");
    check(write(fd, "x", 1) < 0 && errno == EPIPE, "write after shutdown", "not EPIPE");
    close(fd);
}

static void test_exec(const char *self)
{
    char number[16];
    int fd = open_to(echo_port, 0);
    pid_t child = fork();
    if (child == 0) {
        snprintf(number, sizeof number, "%d", fd);
        execl(self, self, "--inherited", number, (char *)NULL);
        _exit(1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    check(status == 0, "exec", "a connection that another program inherits");
    close(fd);
}

static void test_resets(void)
{
    struct linger none = { .l_onoff = 1, .l_linger = 0 };
    struct pollfd ready;
    char byte;
    int fd = open_to(reset_port, 0);

    check(write(fd, "x", 1) == 1 && read(fd, &byte, 1) < 0 && errno == ECONNRESET, "reset, read", "not ECONNRESET");
    check(write(fd, "x", 1) < 0 && errno == EPIPE, "reset, then write", "not EPIPE");
    close(fd);
    fd = open_to(reset_port, SOCK_NONBLOCK);
    ready = (struct pollfd){ .fd = fd, .events = POLLIN };
    check(write(fd, "x", 1) == 1 && poll(&ready, 1, 5000) == 1 && (ready.revents & (POLLERR | POLLHUP)) == (POLLERR | POLLHUP),
          "reset, poll", "no POLLERR and POLLHUP");
    int error = 0;
    socklen_t length = sizeof error;
    check(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == ECONNRESET, "reset, SO_ERROR", "not ECONNRESET");
    close(fd);
    fd = open_to(echo_port, 0);
    check(talks(fd, "linger") && setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none) == 0 && close(fd) == 0,
          "close with a linger of 0 s", "refused");
}

static void test_descriptors(void)
{
    struct sockaddr_in address = at(echo_port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int second = dup(fd);

    check(connect(fd, (struct sockaddr *)&address, sizeof address) == 0 && talks(second, "dup"), "dup before connect", "another socket");
    check((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 && (fcntl(second, F_GETFD) & FD_CLOEXEC) == 0, "close-on-exec", "changed by connect");
    close(fd);
    check(talks(second, "still"), "the second descriptor after close", "nothing came");
    close(second);

    fd = socket(AF_INET, SOCK_STREAM, 0);
    address = at(dead_port);
    check(connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno == ECONNREFUSED, "refused, same socket", "not ECONNREFUSED");
    address = at(echo_port);
    check(connect(fd, (struct sockaddr *)&address, sizeof address) == 0 && talks(fd, "again"), "connect again after a refusal", "it does not connect");
    close(fd);
}

static void test_passing(void)
{
    int pair[2], fd = open_to(echo_port, 0);
    char control[CMSG_SPACE(sizeof fd)] = { 0 }, byte = 'f';
    struct iovec part = { .iov_base = &byte, .iov_len = 1 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return check(0, "socketpair", "refused");
    pid_t child = fork();
    if (child == 0) {
        close(fd);
        if (recvmsg(pair[1], &message, 0) != 1)
            _exit(1);
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
        _exit(talks(fd, "passed") ? 0 : 1);
    }
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    int status = -1;
    check(sendmsg(pair[0], &message, 0) == 1 && waitpid(child, &status, 0) == child && status == 0, "a socket passed on", "the other process cannot use it");
    close(fd);
}

static void test_ways_to_move(void)
{
    char back[32] = { 0 };
    struct iovec parts[2] = { { .iov_base = "gather", .iov_len = 6 }, { .iov_base = "ed", .iov_len = 2 } };
    struct iovec into[2] = { { .iov_base = back, .iov_len = 3 }, { .iov_base = back + 3, .iov_len = 20 } };
    struct timeval soon = { .tv_usec = 50000 };
    fd_set set;
    int number, fd = open_to(echo_port, 0);
    socklen_t length = sizeof number;

    check(writev(fd, parts, 2) == 8 && recv(fd, back, 8, MSG_PEEK | MSG_WAITALL) == 8 && readv(fd, into, 2) == 8 &&
              strcmp(back, "gathered") == 0,
          "writev, MSG_PEEK, readv", "another text");
    int file = memfd_create("probe", 0);
    check(write(file, "from a file", 11) == 11 && lseek(file, 0, SEEK_SET) == 0 && sendfile(fd, file, NULL, 11) == 11 &&
              read_exactly(fd, back, 11) == 0 && memcmp(back, "from a file", 11) == 0,
          "sendfile", "another text");
    close(file);
    FD_ZERO(&set);
    FD_SET(fd, &set);
    check(write(fd, "s", 1) == 1 && select(fd + 1, &set, NULL, NULL, NULL) == 1 && read(fd, back, 1) == 1, "select", "not ready");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
    check(read(fd, back, 1) < 0 && errno == EAGAIN, "SO_RCVTIMEO", "not EAGAIN");
    check(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &number, &length) == 0, "getsockopt of TCP", "refused");
    close(fd);
}

static void test_ipv6(void)
{
    struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(echo_port) }, peer;
    socklen_t length = sizeof peer;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);

    if (fd < 0) {
        printf("skipped IPv6: this machine has none\n");
        return;
    }
    inet_pton(AF_INET6, "::ffff:127.0.0.1", &address.sin6_addr);
    check(connect(fd, (struct sockaddr *)&address, sizeof address) == 0 && talks(fd, "six"), "IPv4 inside IPv6", "it does not connect");
    check(getpeername(fd, (struct sockaddr *)&peer, &length) == 0 && length == sizeof peer && peer.sin6_port == htons(echo_port) &&
              memcmp(&peer.sin6_addr, &address.sin6_addr, sizeof peer.sin6_addr) == 0,
          "getpeername, IPv6", "not the address that was asked for");
    close(fd);
}

/* Both ends in this program: the server listens in the other domain. */
static void test_served(void)
{
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(served_port) }, own;
    socklen_t length = sizeof own;
    int server = socket(AF_INET, SOCK_STREAM, 0);

    check(bind(server, (struct sockaddr *)&any, sizeof any) == 0 && listen(server, 5) == 0, "bind and listen", "refused");
    check(getsockname(server, (struct sockaddr *)&own, &length) == 0 && own.sin_port == htons(served_port), "getsockname of a server", "another port");
    pid_t child = fork();
    if (child == 0) {
        struct sockaddr_in there = at(served_port);
        int raw = socket(AF_INET, SOCK_STREAM, 0), fd = open_to(served_port, 0);
        /* Behind the library's back there is nobody at this address. */
        int hidden = syscall(SYS_connect, raw, &there, sizeof there) < 0 && errno == ECONNREFUSED;
        _exit(hidden && fd >= 0 && talks(fd, "served") ? 0 : 1);
    }
    char word[6];
    int fd = accept(server, NULL, NULL);
    check(read_exactly(fd, word, 6) == 0 && write(fd, word, 6) == 6, "accept", "nothing came");
    length = sizeof own;
    check(getsockname(fd, (struct sockaddr *)&own, &length) == 0 && own.sin_port == htons(served_port), "getsockname of an accepted socket", "another port");
    int status = -1;
    waitpid(child, &status, 0);
    check(status == 0, "a client of this program's own server", "it does not reach it, or also without the transport");
    close(fd);
    close(server);
}

static void test_cleared_environment(void)
{
    clearenv();
    int fd = open_to(echo_port, 0);
    check(fd >= 0 && talks(fd, "bare"), "after clearenv", "not interposed");
    close(fd);
}

/* Children that talk for ever, and are killed. */
static int be_killed(int count, unsigned short port)
{
    echo_port = port;
    for (int i = 0; i < count; i++) {
        pid_t child = fork();
        if (child == 0) {
            static char block[100000];
            int fd = open_to(port, 0);
            while (i % 2 == 0 ? talks(fd, "alive") : write(fd, block, sizeof block) > 0)
                continue;
            pause();
        }
        usleep((unsigned)(i * 7919 % 20000));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    return 0;
}

/* Children that are reset while they read, write, or both. */
static int be_reset(int count, unsigned short port)
{
    for (int i = 0; i < count; i++) {
        static char block[100000];
        int fd = open_to(port, 0);
        ssize_t moved;
        do {
            moved = i % 2 == 0 ? read(fd, block, sizeof block) : write(fd, block, sizeof block);
        } while (moved > 0);
        printf("%s %s\n", i % 2 == 0 ? "read" : "write", moved == 0 ? "end" : strerrorname_np(errno));
        close(fd);
    }
    return 0;
}

static int hold_io_uring(void)
{
    char parameters[256] = { 0 };
    long ring = syscall(SYS_io_uring_setup, 4, parameters);

    printf("io_uring %s\n", ring < 0 ? "unavailable" : "held");
    fflush(stdout);
    usleep(1000000);
    return 0;
}

int main(int count, char **words)
{
    signal(SIGPIPE, SIG_IGN);
    if (count == 3 && strcmp(words[1], "--inherited") == 0)
        return talks(atoi(words[2]), "exec") ? 0 : 1;
    if (count == 4 && strcmp(words[1], "--killed") == 0)
        return be_killed(atoi(words[2]), (unsigned short)atoi(words[3]));
    if (count == 4 && strcmp(words[1], "--reset") == 0)
        return be_reset(atoi(words[2]), (unsigned short)atoi(words[3]));
    if (count == 2 && strcmp(words[1], "--io-uring") == 0)
        return hold_io_uring();
    if (count != 5)
        return 2;
    echo_port = (unsigned short)atoi(words[1]);
    dead_port = (unsigned short)atoi(words[2]);
    reset_port = (unsigned short)atoi(words[3]);
    served_port = (unsigned short)atoi(words[4]);
    check(open_to(dead_port, 0) < 0 && errno == ECONNREFUSED, "refused", "not ECONNREFUSED");
    test_names();
    test_nonblocking();
    test_epoll_before_connect();
    test_half_close();
    test_resets();
    test_descriptors();
    test_passing();
    test_ways_to_move();
    test_ipv6();
    test_served();
    test_fork();
    test_threads();
    test_exec(words[0]);
    test_cleared_environment();
    return failures == 0 ? 0 : 1;
}
