/* Just enough x86 decoding to recognise privileged instructions and the agent's markers. */
#ifndef INTERDOM_DECODE_H
#define INTERDOM_DECODE_H

#include <stddef.h>
#include <stdint.h>

#define INSTRUCTION_KINDS(X)                                                                                           \
    X(VMRUN, "vmrun")                                                                                                  \
    X(VMMCALL, "vmmcall")                                                                                              \
    X(MOV_CR3, "mov_cr3")                                                                                              \
    X(MOV_CR4, "mov_cr4")                                                                                              \
    X(MOV_CR0, "mov_cr0")                                                                                              \
    X(INVLPG, "invlpg")                                                                                                \
    X(INVPCID, "invpcid")                                                                                              \
    X(INVLPGA, "invlpga")                                                                                              \
    X(SYSCALL, "syscall")                                                                                              \
    X(SYSRET, "sysret")                                                                                                \
    X(IRET, "iret")                                                                                                    \
    X(HLT, "hlt")                                                                                                      \
    X(CPUID, "cpuid")                                                                                                  \
    X(WRMSR, "wrmsr")                                                                                                  \
    X(RDMSR, "rdmsr")                                                                                                  \
    X(RDTSC, "rdtsc")                                                                                                  \
    X(PORT_IO, "port_io")

enum instruction_kind {
#define X(symbol, name) INSTRUCTION_##symbol,
    INSTRUCTION_KINDS(X)
#undef X
    INSTRUCTION_KIND_COUNT,
    INSTRUCTION_OTHER = INSTRUCTION_KIND_COUNT,
};

/* The kind of one whole instruction of this length. */
enum instruction_kind decode_kind(const uint8_t *bytes, size_t length);

/* The number of the agent's marker that this instruction is, or 0. */
uint32_t decode_marker(const uint8_t *bytes, size_t length);

extern const char *const instruction_kind_names[INSTRUCTION_KIND_COUNT];

#endif
