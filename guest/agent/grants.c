/*
 * Grants alone, without a channel: one guest grants pages and rests, another takes 4 KiB from them over and over, by
 * mapping and unmapping, by GNTTABOP_copy, or from a mapping that it keeps. So each grant operation's own cost is seen.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xengnttab.h>

#include "marker.h"
#include "outcome.h"
#include "payload.h"
#include "roles.h"
#include "store.h"

#define PAGE_BYTES 4096u
#define MAX_PAGES 64u
#define PATIENCE_TENTHS 1200

struct taker {
    xengnttab_handle *grants;
    uint32_t peer;
    uint32_t refs[MAX_PAGES];
    unsigned int pages;     /* granted */
    unsigned int together;  /* taken by one transfer */
    uint8_t *kept;          /* mapping that is kept */
    uint8_t *local;
};

/* Fills each page with a message of its own. */
static void fill_pages(uint8_t *memory, unsigned int pages)
{
    struct payload payload = payload_create(PAGE_BYTES);

    for (unsigned int i = 0; i < pages; i++)
        memcpy(memory + i * PAGE_BYTES, payload_of(&payload, i), PAGE_BYTES);
    free(payload.pattern);
}

/* Options: peer, path, pages. Publishes PATH/refs, and rests until PATH/stop is written. */
int role_grantor(const struct options *options)
{
    unsigned int pages = (unsigned int)option_number(options, "pages", 16);
    int peer = (int)option_required_number(options, "peer");
    const char *path = option_required(options, "path");
    xengntshr_handle *share = xengntshr_open(NULL, 0);
    uint32_t refs[MAX_PAGES];
    char list[MAX_PAGES * 12] = "";
    uint8_t *memory;
    int stopped = 0;

    if (share == NULL)
        fail("/dev/xen/gntalloc cannot be opened");
    errno = 0;
    if (pages == 0 || pages > MAX_PAGES)
        fail("pages=%u is not from 1 to %u", pages, MAX_PAGES);
    memory = xengntshr_share_pages(share, (uint32_t)peer, (int)pages, refs, 1);
    if (memory == NULL)
        fail("%u pages could not be granted", pages);
    fill_pages(memory, pages);
    for (unsigned int i = 0; i < pages; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%u ", refs[i]);
    store_write(store_path(path, "refs"), "%s", list);
    store_permit(store_path(path, "refs"), store_own_domid(), peer);
    store_write(store_path(path, "stop"), "%s", "");
    store_permit_writer(store_path(path, "stop"), peer);
    {
        int watch = store_watch(store_path(path, "stop"));

        while (!stopped) {
            char *text;

            if (store_watch_wait(watch, PATIENCE_TENTHS * 100) == 0)
                fail("nobody took the granted pages");
            text = store_read(store_path(path, "stop"));
            stopped = text != NULL && *text != '\0';
            free(text);
        }
        close(watch);
    }
    if (xengntshr_unshare(share, memory, pages) != 0)
        fail("granted pages could not be taken back");
    xengntshr_close(share);
    store_remove(path);
    return report("messages=0 wrong=0 ring=0");
}

static void read_refs(struct taker *taker, const char *path)
{
    char *list = NULL;

    for (int i = 0; i < PATIENCE_TENTHS && list == NULL; i++) {
        list = store_read(store_path(path, "refs"));
        if (list == NULL && usleep(100000) != 0)
            fail("usleep");
    }
    if (list == NULL)
        fail("nobody granted pages at %s", path);
    for (char *word = strtok(list, " "); word != NULL && taker->pages < MAX_PAGES; word = strtok(NULL, " "))
        taker->refs[taker->pages++] = (uint32_t)strtoul(word, NULL, 10);
    free(list);
}

static void take_by_map(struct taker *taker, unsigned int first)
{
    uint8_t *memory = xengnttab_map_domain_grant_refs(taker->grants, taker->together, taker->peer, taker->refs + first,
                                                      PROT_READ);

    if (memory == NULL)
        fail("%u pages could not be mapped", taker->together);
    memcpy(taker->local, memory, taker->together * PAGE_BYTES);
    if (xengnttab_unmap(taker->grants, memory, taker->together) != 0)
        fail("%u pages could not be unmapped", taker->together);
}

static void take_by_copy(struct taker *taker, unsigned int first)
{
    xengnttab_grant_copy_segment_t segments[MAX_PAGES];

    memset(segments, 0, sizeof segments);
    for (unsigned int i = 0; i < taker->together; i++) {
        segments[i].source.foreign.ref = taker->refs[first + i];
        segments[i].source.foreign.domid = (uint16_t)taker->peer;
        segments[i].dest.virt = taker->local + i * PAGE_BYTES;
        segments[i].len = PAGE_BYTES;
        segments[i].flags = GNTCOPY_source_gref;
    }
    if (xengnttab_grant_copy(taker->grants, taker->together, segments) != 0)
        fail("GNTTABOP_copy");
    errno = 0;
    for (unsigned int i = 0; i < taker->together; i++) {
        if (segments[i].status != GNTST_okay)
            fail("GNTTABOP_copy answered %d", segments[i].status);
    }
}

static void take_from_kept(struct taker *taker, unsigned int first)
{
    memcpy(taker->local, taker->kept + first * PAGE_BYTES, taker->together * PAGE_BYTES);
}

/* Options: peer, path, mode (persistent, per-transfer or copy), count, warmup, message (bytes), delay. */
int role_mapper(const struct options *options)
{
    unsigned long messages = option_required_number(options, "count");
    unsigned long warmup = option_number(options, "warmup", 16);
    unsigned long bytes = option_number(options, "message", PAGE_BYTES);
    const char *mode = option_required(options, "mode");
    const char *path = option_required(options, "path");
    struct payload payload = payload_create(PAGE_BYTES);
    struct taker taker = { .peer = (uint32_t)option_required_number(options, "peer") };
    void (*take)(struct taker *, unsigned int) = NULL;
    unsigned long wrong = 0;
    struct window window;

    if (strcmp(mode, "per-transfer") == 0)
        take = take_by_map;
    else if (strcmp(mode, "copy") == 0)
        take = take_by_copy;
    else if (strcmp(mode, "persistent") == 0)
        take = take_from_kept;
    errno = 0;
    if (take == NULL)
        fail("no grant mode \"%s\"", mode);
    taker.together = (unsigned int)((bytes + PAGE_BYTES - 1) / PAGE_BYTES);
    taker.grants = xengnttab_open(NULL, 0);
    if (taker.grants == NULL)
        fail("/dev/xen/gntdev cannot be opened");
    read_refs(&taker, path);
    errno = 0;
    if (taker.together == 0 || taker.pages < taker.together)
        fail("a transfer of %u pages from %u granted pages", taker.together, taker.pages);
    /* From the heap, so that a mapping has no neighbour and its page table comes and goes with it: the costlier case. */
    errno = posix_memalign((void **)&taker.local, PAGE_BYTES, taker.together * PAGE_BYTES);
    if (errno != 0)
        fail("no memory");
    memset(taker.local, 0, taker.together * PAGE_BYTES);
    if (take == take_from_kept) {
        taker.kept = xengnttab_map_domain_grant_refs(taker.grants, taker.pages, taker.peer, taker.refs, PROT_READ);
        if (taker.kept == NULL)
            fail("%u pages could not be mapped", taker.pages);
    }
    if (usleep(400000 + (useconds_t)option_number(options, "delay", 0)) != 0)
        fail("usleep");
    for (unsigned long i = 0; i < warmup + messages; i++) {
        unsigned int first = (unsigned int)(i * taker.together % (taker.pages - taker.pages % taker.together));

        if (i == warmup)
            window_start(&window);
        take(&taker, first);
        for (unsigned int k = 0; k < taker.together; k++)
            wrong += !payload_part_matches(&payload, first + k, 0, taker.local + k * PAGE_BYTES, PAGE_BYTES);
    }
    window_stop(&window);
    if (taker.kept != NULL && xengnttab_unmap(taker.grants, taker.kept, taker.pages) != 0)
        fail("pages could not be unmapped");
    store_write(store_path(path, "stop"), "1");
    xengnttab_close(taker.grants);
    free(payload.pattern);
    return report("messages=%lu wrong=%lu ring=0 ns=%llu tsc=%llu", messages, wrong, (unsigned long long)window.ns,
                  (unsigned long long)window.tsc);
}
