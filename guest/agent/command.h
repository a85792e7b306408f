/*
 * How dom0 tells guests what to do, over xenstore: it writes "SEQUENCE ROLE key=value..." to a guest's
 * data/command, and the guest answers "SEQUENCE ok|error TEXT" in data/reply. libxl gives each guest its own data
 * node, so no permission needs setting by hand.
 */
#ifndef INTERDOM_COMMAND_H
#define INTERDOM_COMMAND_H

#include "options.h"

/* In a guest: carries out commands one after the other, for ever. */
int serve_commands(void);

/*
 * In dom0: waits until each guest listed serves commands.
 * Options: timeout (seconds), domains (numbers, comma-separated).
 */
int await_ready(const struct options *options);

/*
 * In dom0: gives one command to each of several guests at the same time and prints their answers, a line each,
 * "DOMID ok|error TEXT". words[0] is the time limit in seconds, then come pairs of domain number and command.
 * Returns 0 where all said ok.
 */
int run_commands(int count, char **words);

#endif
