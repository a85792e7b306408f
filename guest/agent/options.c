#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "outcome.h"

const char *option_text(const struct options *options, const char *key)
{
    size_t length = strlen(key);

    for (int i = 0; i < options->count; i++) {
        if (strncmp(options->words[i], key, length) == 0 && options->words[i][length] == '=')
            return options->words[i] + length + 1;
    }
    return NULL;
}

const char *option_required(const struct options *options, const char *key)
{
    const char *text = option_text(options, key);

    errno = 0;
    if (text == NULL)
        fail("the option %s is missing", key);
    return text;
}

static unsigned long number(const char *key, const char *text)
{
    char *end;
    unsigned long value;

    errno = 0;
    value = strtoul(text, &end, 10);
    if (errno != 0 || *text == '\0' || *text == '-' || *end != '\0')
        fail("%s=%s is not a number", key, text);
    return value;
}

unsigned long option_number(const struct options *options, const char *key, unsigned long fallback)
{
    const char *text = option_text(options, key);

    return text == NULL ? fallback : number(key, text);
}

unsigned long option_required_number(const struct options *options, const char *key)
{
    return number(key, option_required(options, key));
}
