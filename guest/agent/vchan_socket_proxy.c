/* Xen's own vchan-socket-proxy, where the guest has it, in the place of this project's. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "outcome.h"
#include "outlive.h"
#include "roles.h"

#define PROGRAM "/bin/vchan-socket-proxy"

/* Options: mode=client|server, peer, path, socket: the UNIX socket at which the client listens, or which the server dials. */
int role_vchan_socket_proxy(const struct options *options)
{
    const char *peer = option_required(options, "peer");
    const char *path = option_required(options, "path");
    const char *socket_path = option_required(options, "socket");
    char mode[32];
    pid_t child;

    if (access(PROGRAM, X_OK) != 0)
        fail(PROGRAM);
    child = fork();
    if (child < 0)
        fail("fork");
    if (child > 0)
        return 0;
    snprintf(mode, sizeof mode, "--mode=%s", option_required(options, "mode"));
    if (strcmp(mode, "--mode=client") == 0)
        unlink(socket_path); /* that of one before it */
    outlive_role("pid=%d", (int)getpid());
    execl(PROGRAM, "vchan-socket-proxy", mode, peer, path, socket_path, (char *)NULL);
    fail(PROGRAM);
}
