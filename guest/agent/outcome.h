/* How a role ends: with one line for the one who asked for it. */
#ifndef INTERDOM_OUTCOME_H
#define INTERDOM_OUTCOME_H

/*
 * Writes "error TEXT" (with the text of errno where it is not 0) to standard output and ends the process with
 * exit code 1. Errors go to standard output because that is what the command loop sends back.
 */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/*
 * From now on `take` is given what fail would have written, and must not return. NULL: as before. For roles that live on
 * when something failed.
 */
void fail_to(void (*take)(const char *reason));

/* Writes "ok TEXT" to standard output. Returns 0, or 1 where it could not be written. */
int report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* malloc that never returns NULL: fails the role instead. */
void *allocate(unsigned long bytes);

#endif
