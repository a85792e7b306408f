/* The guest's kernel panics, a moment after this role has answered. */
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include "outcome.h"
#include "roles.h"

#define MOMENT_US 200000

int role_crash(const struct options *options)
{
    int trigger = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);
    pid_t child;

    (void)options;
    if (trigger < 0)
        fail("/proc/sysrq-trigger");
    child = fork();
    if (child < 0)
        fail("fork");
    if (child > 0)
        return report("crashes");
    close(STDOUT_FILENO);
    usleep(MOMENT_US);
    return write(trigger, "c", 1) == 1 ? 0 : 1;
}
