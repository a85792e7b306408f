/*
 * Argo's hypercalls from user space: V4V as upstream Xen has it (xen/include/public/argo.h).
 *
 * They go through /dev/xen/privcmd, which a guest's kernel must have been told to leave open
 * (module parameter unrestricted=1). A driver in the kernel would save that system call, so the hypervisor's part is
 * shown truly and the guest's is not: results say so.
 */
#ifndef INTERDOM_ARGO_CALLS_H
#define INTERDOM_ARGO_CALLS_H

#include <stddef.h>
#include <stdint.h>
#ifndef __XEN_TOOLS__
#define __XEN_TOOLS__ 1 /* or Xen's headers give guest handles no members */
#endif
#include <xen/xen.h>
#include <xen/argo.h>

/* What a failing call says where the hypervisor has no Argo; the harness looks for it. */
#define ARGO_MISSING "this hypervisor has no Argo"

/*
 * Memory for a ring, and the numbers of its frames as this type of guest must name them: of guest frames in a PVH
 * guest, of machine frames in a PV guest. Fails the role where there is none.
 */
void *argo_ring_memory(unsigned int pages, uint64_t *frames, int guest_is_pv);

/* Gives the memory of a ring back. Fails the role where that is refused. */
void argo_ring_release(void *memory, unsigned int pages, const uint64_t *frames, int guest_is_pv);

/* Each returns what Xen does: 0 or more, or -1 with errno. */
long argo_register(xen_argo_register_ring_t *ring, uint64_t *frames, unsigned int pages);
long argo_unregister(xen_argo_unregister_ring_t *ring);
long argo_sendv(xen_argo_send_addr_t *addresses, xen_argo_iov_t *parts, unsigned int count);
/* Tells senders that wait for room in this domain's rings, where there is room now. */
long argo_notify(void);

#endif
