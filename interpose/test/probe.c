/*
 * What programs do with sockets, in one: run by the tests under `interdom exec`. Arguments: the port of a server that sends back
 * what it gets, and a port at which nobody listens; both on 127.0.0.1, as the program knows it. Prints "ok NAME" or "FAILED NAME: why".
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
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int failures;
static unsigned short echo_port, dead_port;

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

int main(int count, char **words)
{
    signal(SIGPIPE, SIG_IGN);
    if (count == 3 && strcmp(words[1], "--inherited") == 0)
        return talks(atoi(words[2]), "exec") ? 0 : 1;
    echo_port = (unsigned short)atoi(words[1]);
    dead_port = (unsigned short)atoi(words[2]);
    check(open_to(dead_port, 0) < 0 && errno == ECONNREFUSED, "refused", "not ECONNREFUSED");
    test_names();
    test_nonblocking();
    test_epoll_before_connect();
    test_half_close();
    test_fork();
    test_threads();
    test_exec(words[0]);
    return failures == 0 ? 0 : 1;
}
