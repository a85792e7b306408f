#include "privcmd.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <xen/xen.h>
#include <xen/sys/privcmd.h>

#include "outcome.h"

#define PAGE_BYTES 4096ul

static int privcmd = -1;
static int buffers = -1;

void privcmd_open(void)
{
    if (privcmd >= 0)
        return;
    privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
    if (privcmd < 0)
        fail("/dev/xen/privcmd");
    buffers = open("/dev/xen/hypercall", O_RDWR | O_CLOEXEC);
    if (buffers < 0)
        fail("/dev/xen/hypercall");
}

int privcmd_device(void)
{
    return privcmd;
}

static size_t whole_pages(size_t bytes)
{
    return (bytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
}

void *privcmd_buffer(size_t bytes)
{
    void *memory = mmap(NULL, whole_pages(bytes), PROT_READ | PROT_WRITE, MAP_SHARED, buffers, 0);

    if (memory == MAP_FAILED)
        fail("%zu bytes of /dev/xen/hypercall", bytes);
    memset(memory, 0, whole_pages(bytes));
    return memory;
}

void privcmd_release(void *memory, size_t bytes)
{
    if (munmap(memory, whole_pages(bytes)) != 0)
        fail("munmap");
}

long privcmd_call(unsigned long op, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
    privcmd_hypercall_t call = { .op = op, .arg = { a, b, c, d, 0 } };

    return ioctl(privcmd, IOCTL_PRIVCMD_HYPERCALL, &call);
}
