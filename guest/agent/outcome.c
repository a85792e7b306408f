#include "outcome.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fail(const char *format, ...)
{
    int error = errno;
    va_list arguments;

    fputs("error ", stdout);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    if (error != 0)
        printf(": %s", strerror(error));
    putchar('\n');
    fflush(stdout);
    exit(1);
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
