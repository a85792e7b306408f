#include "argo_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/memory.h>
#include <xen/sys/privcmd.h>

#include "outcome.h"
#include "privcmd.h"

#define PAGE_BYTES 4096ul
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_FRAME ((UINT64_C(1) << 55) - 1)

static unsigned long address(const void *pointer)
{
    return (unsigned long)pointer;
}

static uint64_t guest_frame(const void *memory)
{
    int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    uint64_t entry;

    if (pagemap < 0)
        fail("/proc/self/pagemap");
    if (pread(pagemap, &entry, sizeof entry, (off_t)(address(memory) / PAGE_BYTES * sizeof entry)) != sizeof entry)
        fail("/proc/self/pagemap cannot be read");
    close(pagemap);
    errno = 0;
    if ((entry & PAGEMAP_PRESENT) == 0 || (entry & PAGEMAP_FRAME) == 0)
        fail("the frame at %p is not to be learnt", memory);
    return entry & PAGEMAP_FRAME;
}

/* Asks Xen for machine frames for this domain, or gives them back. The numbers go through `frames`. */
static void reserve(unsigned int operation, unsigned int pages, uint64_t *frames)
{
    struct xen_memory_reservation *reservation = privcmd_buffer(sizeof *reservation);
    uint64_t *extents = privcmd_buffer(pages * sizeof *extents);

    memcpy(extents, frames, pages * sizeof *extents);
    set_xen_guest_handle(reservation->extent_start, extents);
    reservation->nr_extents = pages;
    reservation->domid = DOMID_SELF;
    if (privcmd_call(__HYPERVISOR_memory_op, operation, address(reservation), 0, 0) != (long)pages)
        fail("memory_op %u of %u pages", operation, pages);
    memcpy(frames, extents, pages * sizeof *extents);
    privcmd_release(extents, pages * sizeof *extents);
    privcmd_release(reservation, sizeof *reservation);
}

/* A PV guest asks Xen for machine frames of its own and maps them by number. */
static void *pv_ring_memory(unsigned int pages, uint64_t *frames)
{
    xen_pfn_t *list = allocate(pages * sizeof *list);
    int *errors = allocate(pages * sizeof *errors);
    privcmd_mmapbatch_v2_t batch = { .num = pages, .dom = DOMID_SELF, .arr = list, .err = errors };
    void *memory;

    reserve(XENMEM_increase_reservation, pages, frames);
    memory = mmap(NULL, pages * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, privcmd_device(), 0);
    if (memory == MAP_FAILED)
        fail("%u pages of /dev/xen/privcmd", pages);
    for (unsigned int i = 0; i < pages; i++)
        list[i] = frames[i];
    batch.addr = address(memory);
    if (ioctl(privcmd_device(), IOCTL_PRIVCMD_MMAPBATCH_V2, &batch) < 0)
        fail("IOCTL_PRIVCMD_MMAPBATCH_V2 of %u pages", pages);
    free(errors);
    free(list);
    memset(memory, 0, pages * PAGE_BYTES);
    return memory;
}

void *argo_ring_memory(unsigned int pages, uint64_t *frames, int guest_is_pv)
{
    uint8_t *memory;

    if (guest_is_pv)
        return pv_ring_memory(pages, frames);
    memory = privcmd_buffer(pages * PAGE_BYTES);
    for (unsigned int i = 0; i < pages; i++)
        frames[i] = guest_frame(memory + i * PAGE_BYTES);
    return memory;
}

void argo_ring_release(void *memory, unsigned int pages, const uint64_t *frames, int guest_is_pv)
{
    uint64_t *numbers;

    if (munmap(memory, pages * PAGE_BYTES) != 0)
        fail("munmap");
    if (!guest_is_pv)
        return;
    numbers = allocate(pages * sizeof *numbers);
    memcpy(numbers, frames, pages * sizeof *numbers);
    reserve(XENMEM_decrease_reservation, pages, numbers);
    free(numbers);
}

long argo_register(xen_argo_register_ring_t *ring, uint64_t *frames, unsigned int pages)
{
    return privcmd_call(__HYPERVISOR_argo_op, XEN_ARGO_OP_register_ring, address(ring), address(frames), pages);
}

long argo_unregister(xen_argo_unregister_ring_t *ring)
{
    return privcmd_call(__HYPERVISOR_argo_op, XEN_ARGO_OP_unregister_ring, address(ring), 0, 0);
}

long argo_sendv(xen_argo_send_addr_t *addresses, xen_argo_iov_t *parts, unsigned int count)
{
    return privcmd_call(__HYPERVISOR_argo_op, XEN_ARGO_OP_sendv, address(addresses), address(parts), count);
}

long argo_notify(void)
{
    return privcmd_call(__HYPERVISOR_argo_op, XEN_ARGO_OP_notify, 0, 0, 0);
}
