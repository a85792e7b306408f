#define _GNU_SOURCE
#include "loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "outcome.h"

#define BACKLOG 128

static struct sockaddr_in address_of(unsigned int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int without_delay(int connection)
{
    int yes = 1;

    if (connection >= 0)
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return connection;
}

static int tcp_socket(void)
{
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (connection < 0)
        fail("a TCP socket");
    return connection;
}

int loopback_listen(unsigned int port)
{
    struct sockaddr_in address = address_of(port);
    int listener = tcp_socket();
    int yes = 1;

    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, BACKLOG) != 0)
        fail("127.0.0.1:%u cannot be listened at", port);
    return listener;
}

int loopback_accept(int listener)
{
    return without_delay(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
}

int loopback_connect(unsigned int port)
{
    struct sockaddr_in address = address_of(port);
    int connection = tcp_socket();

    if (connect(connection, (struct sockaddr *)&address, sizeof address) == 0)
        return without_delay(connection);
    close(connection);
    return -1;
}
