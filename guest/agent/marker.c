#include "marker.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "outcome.h"

static int guest_is_pv;

/* 0f 1f 84 00 imm32: nopl imm32(%rax,%rax,1), eight bytes. */
#define PLUGIN_MARKER_START() __asm__ volatile(".byte 0x0f,0x1f,0x84,0x00; .long 0x4fff1001" ::: "memory")
#define PLUGIN_MARKER_STOP() __asm__ volatile(".byte 0x0f,0x1f,0x84,0x00; .long 0x4fff1002" ::: "memory")

static void trace_marker(uint32_t leaf)
{
    uint32_t eax = leaf, ebx = 0, ecx = 0, edx = 0;

    if (guest_is_pv) /* XEN_EMULATE_PREFIX of public/arch-x86/xen.h */
        __asm__ volatile(".byte 0x0f,0x0b,0x78,0x65,0x6e; cpuid"
                         : "+a"(eax), "+b"(ebx), "+c"(ecx), "+d"(edx)::"memory");
    else
        __asm__ volatile("cpuid" : "+a"(eax), "+b"(ebx), "+c"(ecx), "+d"(edx)::"memory");
}

static uint64_t time_stamp(void)
{
    uint32_t low, high;

    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
    return ((uint64_t)high << 32) | low;
}

static uint64_t monotonic_ns(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        fail("clock_gettime");
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void marker_init(void)
{
    char type[16] = "";
    FILE *file = fopen("/sys/hypervisor/guest_type", "r");

    if (file == NULL)
        fail("/sys/hypervisor/guest_type: is this a Xen domain?");
    if (fgets(type, sizeof type, file) == NULL)
        fail("/sys/hypervisor/guest_type is empty");
    fclose(file);
    guest_is_pv = strcmp(type, "PV\n") == 0;
}

int marker_guest_is_pv(void)
{
    return guest_is_pv;
}

void window_start(struct window *window)
{
    trace_marker(MARKER_START);
    PLUGIN_MARKER_START();
    window->start_ns = monotonic_ns();
    window->start_tsc = time_stamp();
}

void window_stop(struct window *window)
{
    window->tsc = time_stamp() - window->start_tsc;
    window->ns = monotonic_ns() - window->start_ns;
    PLUGIN_MARKER_STOP();
    trace_marker(MARKER_STOP);
}
