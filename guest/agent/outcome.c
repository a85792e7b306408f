#include "outcome.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void (*taker)(const char *reason);

void fail(const char *format, ...)
{
    int error = errno;
    char reason[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    if (error != 0)
        snprintf(reason + strlen(reason), sizeof reason - strlen(reason), ": %s", strerror(error));
    if (taker != NULL)
        taker(reason);
    printf("error %s\n", reason);
    fflush(stdout);
    exit(1);
}

void fail_to(void (*take)(const char *reason))
{
    taker = take;
}

int report(const char *format, ...)
{
    va_list arguments;

    fputs("ok ", stdout);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    return fflush(stdout) == 0 ? 0 : 1;
}

void *allocate(unsigned long bytes)
{
    void *memory = malloc(bytes == 0 ? 1 : bytes);

    if (memory == NULL)
        fail("no memory for %lu bytes", bytes);
    return memory;
}
