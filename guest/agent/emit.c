#include "emit.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MAX_LINE 1200

static uint32_t fnv1a(const char *text)
{
    uint32_t hash = 2166136261u;

    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * 16777619u;
    return hash;
}

int emit_lines(const char *window, const char *kind)
{
    char line[MAX_LINE];
    char text[MAX_LINE + 128];

    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        snprintf(text, sizeof text, "%s %s %s", window, kind, line);
        printf("@interdom %08x %s\n", fnv1a(text), text);
    }
    return ferror(stdin) || fflush(stdout) != 0 ? 1 : 0;
}
