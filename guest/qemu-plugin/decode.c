#include "decode.h"

#include <string.h>

const char *const instruction_kind_names[INSTRUCTION_KIND_COUNT] = {
#define X(symbol, name) name,
    INSTRUCTION_KINDS(X)
#undef X
};

static int is_prefix(uint8_t byte)
{
    return byte == 0x66 || byte == 0xf2 || byte == 0xf3 || byte == 0x2e || (byte >= 0x40 && byte <= 0x4f);
}

/* 0f 01 /r: a group whose members with a register operand are instructions of their own. */
static enum instruction_kind group_0f01(uint8_t modrm)
{
    switch (modrm) {
    case 0xd8:
        return INSTRUCTION_VMRUN;
    case 0xd9:
        return INSTRUCTION_VMMCALL;
    case 0xdf:
        return INSTRUCTION_INVLPGA;
    default:
        return (modrm >> 6) != 3 && ((modrm >> 3) & 7) == 7 ? INSTRUCTION_INVLPG : INSTRUCTION_OTHER;
    }
}

static enum instruction_kind write_control_register(uint8_t modrm)
{
    switch ((modrm >> 3) & 7) {
    case 0:
        return INSTRUCTION_MOV_CR0;
    case 3:
        return INSTRUCTION_MOV_CR3;
    case 4:
        return INSTRUCTION_MOV_CR4;
    default:
        return INSTRUCTION_OTHER;
    }
}

static enum instruction_kind two_byte(const uint8_t *bytes, size_t length, int operand_prefix)
{
    uint8_t modrm = length > 2 ? bytes[2] : 0;

    switch (bytes[1]) {
    case 0x01:
        return group_0f01(modrm);
    case 0x05:
        return INSTRUCTION_SYSCALL;
    case 0x07:
        return INSTRUCTION_SYSRET;
    case 0x22:
        return write_control_register(modrm);
    case 0x30:
        return INSTRUCTION_WRMSR;
    case 0x31:
        return INSTRUCTION_RDTSC;
    case 0x32:
        return INSTRUCTION_RDMSR;
    case 0x38:
        return operand_prefix && modrm == 0x82 ? INSTRUCTION_INVPCID : INSTRUCTION_OTHER;
    case 0xa2:
        return INSTRUCTION_CPUID;
    default:
        return INSTRUCTION_OTHER;
    }
}

enum instruction_kind decode_kind(const uint8_t *bytes, size_t length)
{
    int operand_prefix = 0;

    while (length > 0 && is_prefix(*bytes)) {
        if (*bytes == 0x66)
            operand_prefix = 1;
        bytes++;
        length--;
    }
    if (length == 0)
        return INSTRUCTION_OTHER;
    if (bytes[0] == 0x0f)
        return length > 1 ? two_byte(bytes, length, operand_prefix) : INSTRUCTION_OTHER;
    if (bytes[0] == 0xf4)
        return INSTRUCTION_HLT;
    if (bytes[0] == 0xcf)
        return INSTRUCTION_IRET;
    if ((bytes[0] >= 0xe4 && bytes[0] <= 0xe7) || (bytes[0] >= 0xec && bytes[0] <= 0xef))
        return INSTRUCTION_PORT_IO;
    return INSTRUCTION_OTHER;
}

uint32_t decode_marker(const uint8_t *bytes, size_t length)
{
    static const uint8_t long_nop[4] = { 0x0f, 0x1f, 0x84, 0x00 };
    uint32_t number;

    if (length != 8 || memcmp(bytes, long_nop, sizeof long_nop) != 0)
        return 0;
    memcpy(&number, bytes + 4, sizeof number);
    return (number >> 16) == 0x4fff ? number : 0;
}
