#include "domains.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifndef __XEN_TOOLS__
#define __XEN_TOOLS__ 1 /* or Xen's headers do not show what is for the toolstack */
#endif
#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/event_channel.h>

#include "outcome.h"
#include "privcmd.h"

static const char *state_of(uint32_t flags)
{
    if (flags & XEN_DOMINF_dying)
        return "zombie";
    if (flags & XEN_DOMINF_shutdown)
        return "crashed";
    return flags & XEN_DOMINF_paused ? "paused" : "running";
}

/* Event channels of a domain that are in use: of each port Xen is asked until it says that there are no more. */
static unsigned int ports_of(domid_t domid, evtchn_status_t *status)
{
    unsigned int used = 0;

    for (evtchn_port_t port = 0;; port++) {
        memset(status, 0, sizeof *status);
        status->dom = domid;
        status->port = port;
        if (privcmd_call(__HYPERVISOR_event_channel_op, EVTCHNOP_status, (unsigned long)status, 0, 0) != 0)
            return used;
        if (status->status != EVTCHNSTAT_closed)
            used++;
    }
}

static void print_domain(domid_t domid, xen_domctl_t *control, evtchn_status_t *status)
{
    const struct xen_domctl_getdomaininfo *info = &control->u.getdomaininfo;

    memset(control, 0, sizeof *control);
    control->cmd = XEN_DOMCTL_getdomaininfo;
    control->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    control->domain = domid;
    if (privcmd_call(__HYPERVISOR_domctl, (unsigned long)control, 0, 0, 0) != 0) {
        if (errno != ESRCH)
            fail("domain %u cannot be asked about (does this hypervisor belong to other headers?)", domid);
        printf("%u gone pages=0 ports=0\n", domid);
        return;
    }
    if (info->domain != domid) { /* Xen answers with the next one where there is none of this number */
        printf("%u gone pages=0 ports=0\n", domid);
        return;
    }
    printf("%u %s pages=%llu ports=%u\n", domid, state_of(info->flags), (unsigned long long)info->tot_pages,
           info->flags & XEN_DOMINF_dying ? 0 : ports_of(domid, status));
}

int list_domains(const struct options *options)
{
    char *list = strdup(option_required(options, "domains"));
    xen_domctl_t *control;
    evtchn_status_t *status;

    if (list == NULL)
        fail("no memory");
    privcmd_open();
    control = privcmd_buffer(sizeof *control);
    status = privcmd_buffer(sizeof *status);
    for (char *word = strtok(list, ","); word != NULL; word = strtok(NULL, ","))
        print_domain((domid_t)atoi(word), control, status);
    free(list);
    return 0;
}
