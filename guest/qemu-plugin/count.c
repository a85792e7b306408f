/*
 * A plugin for QEMU's emulator: counts, between the agent's markers, privileged instructions by the place they ran in
 * (Xen, a kernel, user space), instructions altogether, and calls of named functions of Xen.
 *
 * Arguments:
 *   out=FILE        where the counts go, a group of lines for each window (see below)
 *   functions=FILE  lines "ADDRESS NAME" in hexadecimal. Signs before a name say what else it is for:
 *                   "*" tells stays in Xen apart by it; ">" the caller, for functions with "@", which are counted by
 *                   the last such function that ran before them on the same CPU
 *   stays=on        also sums the length of stays in Xen, by which starred functions ran in them (slower)
 *
 * Output:
 *   window N
 *   instructions PLACE N         PLACE is xen, kernel or user
 *   privileged PLACE NAME N
 *   function NAME N               and for functions with "@": function NAME@CALLER N
 *   stay N INSTRUCTIONS NAME+NAME...
 *   end
 *
 * Counting is exact because the emulator translates every instruction before it runs; it costs no exit and is the same
 * for PV and PVH guests.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "qemu_plugin_api.h"

#define MARKER_START 0x4fff1001u
#define MARKER_STOP 0x4fff1002u
#define MAX_FUNCTIONS 512
#define MAX_NAME 64
#define MAX_VCPUS 64
#define MAX_STAY_KINDS 4096
#define XEN_ADDRESSES 0xffff82u /* top 24 bits of an address at which Xen runs (public/arch-x86/xen-x86_64.h) */

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_INTERFACE_VERSION;

enum place { PLACE_XEN, PLACE_KERNEL, PLACE_USER, PLACE_COUNT };
static const char *const place_names[PLACE_COUNT] = { "xen", "kernel", "user" };

struct counts {
    uint64_t instructions[PLACE_COUNT];
    uint64_t privileged[PLACE_COUNT][INSTRUCTION_KIND_COUNT];
    uint64_t function[MAX_FUNCTIONS];
    uint64_t by_caller[MAX_FUNCTIONS]; /* of the function with "@", by the number of its caller */
};

struct function {
    uint64_t address;
    char name[MAX_NAME];
    int stay_bit; /* -1 where it does not tell stays apart */
    bool is_caller;
    bool by_caller;
};

/* A translation block, as far as stays need it. Lives as long as QEMU: translated code keeps a pointer to it. */
struct block {
    enum place place;
    uint32_t instructions;
    uint64_t stay_bits;
};

/* Stays in Xen in which exactly these functions ran. */
struct stay_kind {
    uint64_t bits;
    uint64_t count;
    uint64_t instructions;
};

static struct counts now;
static struct counts at_start;
static struct function functions[MAX_FUNCTIONS];
static int function_count;
static long last_caller[MAX_VCPUS];
static const char *called_name; /* of the function with "@"; there is one at most */
static FILE *output;
static unsigned int windows;
static bool counting_stays;
static bool window_open;
static struct stay_kind stay_kinds[MAX_STAY_KINDS];
static int stay_kind_count;
static struct {
    bool in_xen;
    uint64_t bits;
    uint64_t instructions;
} vcpu_stay[MAX_VCPUS];

static enum place place_of(uint64_t address)
{
    if ((address >> 40) == XEN_ADDRESSES)
        return PLACE_XEN;
    return (address >> 63) != 0 ? PLACE_KERNEL : PLACE_USER;
}

/* ---- functions by their caller ---- */

static void on_caller(unsigned int vcpu, void *userdata)
{
    if (vcpu < MAX_VCPUS)
        last_caller[vcpu] = (const struct function *)userdata - functions;
}

static void on_called(unsigned int vcpu, void *userdata)
{
    (void)userdata;
    if (vcpu < MAX_VCPUS)
        now.by_caller[last_caller[vcpu]]++;
}

/* ---- stays in Xen ---- */

static void add_stay(uint64_t bits, uint64_t instructions)
{
    for (int i = 0; i < stay_kind_count; i++) {
        if (stay_kinds[i].bits == bits) {
            stay_kinds[i].count++;
            stay_kinds[i].instructions += instructions;
            return;
        }
    }
    if (stay_kind_count < MAX_STAY_KINDS)
        stay_kinds[stay_kind_count++] = (struct stay_kind){ bits, 1, instructions };
}

static void on_block(unsigned int vcpu, void *userdata)
{
    const struct block *block = userdata;

    if (vcpu >= MAX_VCPUS)
        return;
    if (block->place == PLACE_XEN) {
        if (!vcpu_stay[vcpu].in_xen) {
            vcpu_stay[vcpu].in_xen = true;
            vcpu_stay[vcpu].bits = 0;
            vcpu_stay[vcpu].instructions = 0;
        }
        vcpu_stay[vcpu].bits |= block->stay_bits;
        vcpu_stay[vcpu].instructions += block->instructions;
    } else if (vcpu_stay[vcpu].in_xen) {
        vcpu_stay[vcpu].in_xen = false;
        if (window_open)
            add_stay(vcpu_stay[vcpu].bits, vcpu_stay[vcpu].instructions);
    }
}

static void print_stays(void)
{
    for (int i = 0; i < stay_kind_count; i++) {
        const char *separator = " ";

        fprintf(output, "stay %llu %llu", (unsigned long long)stay_kinds[i].count,
                (unsigned long long)stay_kinds[i].instructions);
        for (int k = 0; k < function_count; k++) {
            if (functions[k].stay_bit >= 0 && (stay_kinds[i].bits >> functions[k].stay_bit & 1) != 0) {
                fprintf(output, "%s%s", separator, functions[k].name);
                separator = "+";
            }
        }
        if (stay_kinds[i].bits == 0)
            fputs(" -", output);
        fputc('\n', output);
    }
}

/* ---- windows ---- */

static void print_window(void)
{
    fprintf(output, "window %u\n", windows);
    for (int place = 0; place < PLACE_COUNT; place++) {
        fprintf(output, "instructions %s %llu\n", place_names[place],
                (unsigned long long)(now.instructions[place] - at_start.instructions[place]));
        for (int kind = 0; kind < INSTRUCTION_KIND_COUNT; kind++) {
            uint64_t count = now.privileged[place][kind] - at_start.privileged[place][kind];

            if (count != 0)
                fprintf(output, "privileged %s %s %llu\n", place_names[place], instruction_kind_names[kind],
                        (unsigned long long)count);
        }
    }
    for (int i = 0; i < function_count; i++) {
        uint64_t count = now.function[i] - at_start.function[i];

        if (count != 0)
            fprintf(output, "function %s %llu\n", functions[i].name, (unsigned long long)count);
    }
    for (int i = 0; i < function_count && called_name != NULL; i++) {
        uint64_t count = now.by_caller[i] - at_start.by_caller[i];

        if (count != 0)
            fprintf(output, "function %s@%s %llu\n", called_name, functions[i].name, (unsigned long long)count);
    }
    print_stays();
    fputs("end\n", output);
    if (fflush(output) != 0)
        perror("interdom plugin: writing counts");
}

static void on_marker(unsigned int vcpu, void *userdata)
{
    uint32_t marker = (uint32_t)(uintptr_t)userdata;

    (void)vcpu;
    if (marker == MARKER_START) {
        at_start = now;
        stay_kind_count = 0;
        window_open = true;
        windows++;
    } else if (marker == MARKER_STOP) {
        window_open = false;
        print_window();
    }
}

/* ---- translation ---- */

static void watch_instruction(struct qemu_plugin_insn *instruction, enum place place, struct block *block)
{
    const uint8_t *bytes = qemu_plugin_insn_data(instruction);
    size_t length = qemu_plugin_insn_size(instruction);
    enum instruction_kind kind = decode_kind(bytes, length);
    uint32_t marker = decode_marker(bytes, length);

    if (kind != INSTRUCTION_OTHER)
        qemu_plugin_register_vcpu_insn_exec_inline(instruction, QEMU_PLUGIN_INLINE_ADD_U64,
                                                   &now.privileged[place][kind], 1);
    if (marker != 0)
        qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_marker, QEMU_PLUGIN_CB_NO_REGS,
                                               (void *)(uintptr_t)marker);
    if (place == PLACE_XEN) {
        uint64_t address = qemu_plugin_insn_vaddr(instruction);

        for (int i = 0; i < function_count; i++) {
            if (functions[i].address != address)
                continue;
            qemu_plugin_register_vcpu_insn_exec_inline(instruction, QEMU_PLUGIN_INLINE_ADD_U64, &now.function[i], 1);
            if (functions[i].is_caller)
                qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_caller, QEMU_PLUGIN_CB_NO_REGS, &functions[i]);
            if (functions[i].by_caller)
                qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_called, QEMU_PLUGIN_CB_NO_REGS, NULL);
            if (block != NULL && functions[i].stay_bit >= 0)
                block->stay_bits |= UINT64_C(1) << functions[i].stay_bit;
        }
    }
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t count = qemu_plugin_tb_n_insns(tb);
    enum place place = place_of(qemu_plugin_tb_vaddr(tb));
    struct block *block = NULL;

    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &now.instructions[place], count);
    if (counting_stays) {
        block = calloc(1, sizeof *block);
        if (block != NULL) {
            block->place = place;
            block->instructions = (uint32_t)count;
            qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS, block);
        }
    }
    for (size_t i = 0; i < count; i++)
        watch_instruction(qemu_plugin_tb_get_insn(tb, i), place, block);
}

/* ---- start ---- */

static bool read_functions(const char *path)
{
    FILE *file = fopen(path, "r");
    unsigned long long address;
    char name[MAX_NAME];
    int stay_bits = 0;

    if (file == NULL) {
        perror(path);
        return false;
    }
    while (function_count < MAX_FUNCTIONS && fscanf(file, "%llx %63s", &address, name) == 2) {
        struct function *function = &functions[function_count++];
        const char *rest = name;

        function->address = address;
        function->stay_bit = -1;
        for (; strchr("*>@", *rest) != NULL && *rest != '\0'; rest++) {
            if (*rest == '*' && stay_bits < 64)
                function->stay_bit = stay_bits++;
            else if (*rest == '>')
                function->is_caller = true;
            else if (*rest == '@')
                function->by_caller = true;
        }
        strcpy(function->name, rest);
        if (function->by_caller)
            called_name = function->name;
    }
    fclose(file);
    return true;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int count,
                                           char **arguments)
{
    (void)info;
    for (int i = 0; i < count; i++) {
        if (strncmp(arguments[i], "out=", 4) == 0) {
            output = fopen(arguments[i] + 4, "w");
            if (output == NULL) {
                perror(arguments[i] + 4);
                return -1;
            }
        } else if (strncmp(arguments[i], "functions=", 10) == 0) {
            if (!read_functions(arguments[i] + 10))
                return -1;
        } else if (strcmp(arguments[i], "stays=on") == 0) {
            counting_stays = true;
        } else {
            fprintf(stderr, "interdom plugin: unknown argument %s\n", arguments[i]);
            return -1;
        }
    }
    if (output == NULL) {
        fputs("interdom plugin: out=FILE is missing\n", stderr);
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    return 0;
}
