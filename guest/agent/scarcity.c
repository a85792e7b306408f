#include "scarcity.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#include "store.h"

/* The most that a connection with rings of one page takes of each. */
#define PORTS 2
#define PAGES 3
#define NODES 12

static int ports_are_left(int peer)
{
    xenevtchn_handle *events = xenevtchn_open(NULL, 0);
    int are_left = events != NULL;

    for (int i = 0; are_left && i < PORTS; i++)
        are_left = xenevtchn_bind_unbound_port(events, (uint32_t)peer) >= 0;
    if (events != NULL)
        xenevtchn_close(events); /* and all its ports */
    return are_left;
}

static int grants_are_left(int peer)
{
    xengntshr_handle *share = xengntshr_open(NULL, 0);
    uint32_t refs[PAGES];
    void *pages = share == NULL ? NULL : xengntshr_share_pages(share, (uint32_t)peer, PAGES, refs, 0);

    if (pages != NULL)
        xengntshr_unshare(share, pages, PAGES);
    if (share != NULL)
        xengntshr_close(share);
    return pages != NULL;
}

static int mappings_are_left(int peer, uint32_t ref)
{
    xengnttab_handle *map = xengnttab_open(NULL, 0);
    void *pages[PAGES] = { NULL };
    int are_left = map != NULL;

    for (int i = 0; are_left && i < PAGES; i++) {
        pages[i] = xengnttab_map_grant_ref(map, (uint32_t)peer, ref, PROT_READ);
        are_left = pages[i] != NULL;
    }
    for (int i = 0; i < PAGES; i++) {
        if (pages[i] != NULL)
            xengnttab_unmap(map, pages[i], 1);
    }
    if (map != NULL)
        xengnttab_close(map);
    return are_left;
}

static int nodes_are_left(void)
{
    int are_left = 1;
    char path[32];

    for (int i = 0; are_left && i < NODES; i++) {
        snprintf(path, sizeof path, "data/trial-%d", i);
        are_left = store_try_write(path, "");
    }
    for (int i = 0; i < NODES; i++) {
        snprintf(path, sizeof path, "data/trial-%d", i);
        store_remove(path);
    }
    return are_left;
}

const char *scarcity_find(int peer, uint32_t foreign_ref)
{
    if (!ports_are_left(peer))
        return "event channels";
    if (!grants_are_left(peer))
        return "grant frames";
    if (foreign_ref != 0 && !mappings_are_left(peer, foreign_ref))
        return "maptrack frames";
    return nodes_are_left() ? "unknown" : "xenstore nodes";
}
