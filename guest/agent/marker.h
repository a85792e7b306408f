/*
 * Marks the window that is measured, for two observers at once:
 *
 * - QEMU's counting plugin sees a long NOP with a magic immediate: no exit, the same in PV and PVH;
 * - xentrace sees a CPUID. In a PVH guest it exits, in a PV guest it goes through Xen's forced emulation.
 */
#ifndef INTERDOM_MARKER_H
#define INTERDOM_MARKER_H

#include <stdint.h>

#define MARKER_START 0x4fff1001u
#define MARKER_STOP 0x4fff1002u

struct window {
    uint64_t start_ns;
    uint64_t start_tsc;
    uint64_t ns;  /* by the guest's monotonic clock */
    uint64_t tsc; /* in ticks of the time stamp counter: 1 ns under deterministic emulation */
};

/* Learns which kind of guest this is. Fails the role where the kernel does not say. */
void marker_init(void);

/* Is this a PV guest? (As opposed to PVH or HVM.) */
int marker_guest_is_pv(void);

void window_start(struct window *window);
void window_stop(struct window *window);

#endif
