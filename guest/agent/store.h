/*
 * Xenstore: reads and writes through libxenstore, watches by hand. xs_watch() of the library starts a thread with a
 * stack so small that a static glibc refuses it, so a watch here is a connection of its own.
 */
#ifndef INTERDOM_STORE_H
#define INTERDOM_STORE_H

#include "options.h"

/* Opens the connection, once a process. Fails the role where there is no xenstore. */
void store_open(void);

/* A connection of this process's own, for one that lives beside its parent: answers to both would get mixed up. */
void store_open_own(void);

/* The value of a node as a fresh string, or NULL where it cannot be read. */
char *store_read(const char *path);

/* The names of a node's children and how many they are; to be freed. NULL where the node cannot be read. */
char **store_list(const char *path, unsigned int *count);

/* A node that must hold a number; fails the role otherwise. */
unsigned long store_read_number(const char *path);

/* Writes a node; fails the role where that is refused. */
void store_write(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Gives a node to the owner, and lets the reader read it (reader < 0: nobody). Fails the role where refused. */
void store_permit(const char *path, int owner, int reader);

/* Lets another domain write this domain's own node. Fails the role where refused. */
void store_permit_writer(const char *path, int writer);

/* Writes a node. 1, or 0 with errno where that is refused. */
int store_try_write(const char *path, const char *value);

/* Removes a node with all below it. It need not exist. */
void store_remove(const char *path);

/* In dom0: sets a quota of xenstored, which then holds for every domain. Options: name (as xenstored has it), value. */
int store_set_quota(const struct options *options);

/* The number of this domain. */
int store_own_domid(void);

/* Reads "BASE/NAME" into one string; buffer is static, valid until the next call but three. */
const char *store_path(const char *base, const char *name);

/* Watches a path; returns a descriptor that is readable when something happened below it. */
int store_watch(const char *path);

/* As store_watch_wait, and says what changed: a path of so many bytes at most, cut off where it is longer. */
int store_watch_next(int watch, int timeout_ms, char *path, unsigned int bytes);

/* Waits for the watch to fire, and takes that event. 1: fired; 0: the time is over. timeout_ms < 0 waits for ever. */
int store_watch_wait(int watch, int timeout_ms);

#endif
