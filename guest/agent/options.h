/* Arguments of a role, written key=value. */
#ifndef INTERDOM_OPTIONS_H
#define INTERDOM_OPTIONS_H

struct options {
    int count;
    char **words; /* each "key=value"; not owned */
};

/* The value of a key, or NULL where it was not given. */
const char *option_text(const struct options *options, const char *key);

/* The value of a key that must be given; fails the role otherwise. */
const char *option_required(const struct options *options, const char *key);

/* A number without sign, or the fallback where the key was not given; fails the role where it is not a number. */
unsigned long option_number(const struct options *options, const char *key, unsigned long fallback);

/* As option_number, but the key must be given. */
unsigned long option_required_number(const struct options *options, const char *key);

#endif
