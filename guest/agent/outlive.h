/* Programs that live on when their role has answered. */
#ifndef INTERDOM_OUTLIVE_H
#define INTERDOM_OUTLIVE_H

/*
 * Answers "ok TEXT" and lets go of the one who asked: what is written to standard output goes nowhere from now on, what
 * fails goes to the guest's console. This process leads a group of its own.
 */
void outlive_role(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
