#include "outlive.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "outcome.h"

static void say_on_console(const char *reason)
{
    fprintf(stderr, "interdom-agent: %s\n", reason);
    _exit(1);
}

void outlive_role(const char *format, ...)
{
    char text[256];
    va_list arguments;
    int nowhere;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (setsid() < 0)
        fail("setsid");
    if (report("%s", text) != 0)
        _exit(1);
    nowhere = open("/dev/null", O_RDWR);
    if (nowhere < 0 || dup2(nowhere, STDIN_FILENO) < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
        fail("/dev/null");
    if (nowhere > STDERR_FILENO)
        close(nowhere);
    fail_to(say_on_console);
}
