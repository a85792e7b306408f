/* Hypercalls from user space, through /dev/xen/privcmd. */
#ifndef INTERDOM_PRIVCMD_H
#define INTERDOM_PRIVCMD_H

#include <stddef.h>

/* Opens the devices, once a process. Fails the role where the kernel refuses. */
void privcmd_open(void);

/* /dev/xen/privcmd, once it is open. */
int privcmd_device(void);

/* Memory that the hypervisor can reach by its address at any time, all zeros. Fails the role where there is none. */
void *privcmd_buffer(size_t bytes);

/* Gives such memory back. */
void privcmd_release(void *memory, size_t bytes);

/* What Xen answers: 0 or more, or -1 with errno. */
long privcmd_call(unsigned long op, unsigned long a, unsigned long b, unsigned long c, unsigned long d);

#endif
