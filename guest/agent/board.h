/*
 * A page that a program in a guest shows to dom0: how it is doing, and what dom0 wants of it. Nothing but shared memory
 * is needed to look, so it works while xenstored is dead. dom0 maps it only for the moment in which it looks: a mapping
 * that stayed would keep a dead guest a zombie.
 */
#ifndef INTERDOM_BOARD_H
#define INTERDOM_BOARD_H

#include "options.h"

struct board;

/* Makes a board and grants it to dom0 under the reference that is written to `ref`. Fails the role where that is refused. */
struct board *board_create(unsigned int *ref);

/* Writes how the program is doing, one line. */
void board_write(struct board *board, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Has dom0 said that the program is to end? */
int board_says_close(const struct board *board);

/*
 * In dom0: prints what stands on a board, "gone" where the program or its domain is.
 * Options: domain, ref; close=1 also tells the program to end.
 */
int board_look(const struct options *options);

#endif
