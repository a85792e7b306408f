/*
 * The format: xen/include/public/trace.h. A record begins with a word of event (28 bits), number of further words (3)
 * and whether a 64-bit time stamp follows (1). Records of one physical CPU come in order, in stretches that begin with
 * a CPU_CHANGE record; stretches of different CPUs are interleaved.
 *
 * The guest's own numbers do not say which domain ran, so scheduler switches are followed for each physical CPU.
 * The serial line of the emulated machine is slow: only the sums leave it.
 */
#include "tracecount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/trace.h>
#include <xen/vcpu.h>

#include "marker.h"
#include "outcome.h"

#define MAX_PCPUS 64
#define NO_DOMAIN (-1)
#define EVENT_64_BIT 0x100u
#define MAX_KINDS 1024
#define FIRST_KERNEL_ADDRESS_HIGH 0x8000u /* high word of an address from which on it is not user space */

struct record {
    uint32_t event;
    uint32_t words[7];
    int word_count;
    uint64_t tsc;
    int pcpu;
    int domain;
};

struct kind {
    int domain;
    uint32_t event;
    uint32_t words[2];
    int word_count;
    unsigned long count;
};

struct trace {
    const uint8_t *bytes;
    size_t length;
    size_t position;
    int pcpu;
    int domain[MAX_PCPUS];
    uint64_t tsc[MAX_PCPUS];
    unsigned long lost;
};

struct window_seen {
    int domain;
    int started, stopped;
    uint64_t start, stop;
};

/*
 * The event of a change holds the old state in bits 8 and 9 and the new one in bits 4 and 5 (xen/common/sched/core.c,
 * vcpu_runstate_change); its word holds the domain above the vCPU.
 */
static int is_runstate_change(uint32_t event)
{
    return (event & ~0x330u) == TRC_SCHED_RUNSTATE_CHANGE;
}

static void trace_rewind(struct trace *trace)
{
    trace->position = 0;
    trace->pcpu = 0;
    trace->lost = 0;
    for (int i = 0; i < MAX_PCPUS; i++) {
        trace->domain[i] = NO_DOMAIN;
        trace->tsc[i] = 0;
    }
}

/* The next record of a guest or of the scheduler. 0 at the end of the file. */
static int trace_next(struct trace *trace, struct record *record)
{
    while (trace->position + 4 <= trace->length) {
        uint32_t header;
        size_t bytes;
        int has_time;

        memcpy(&header, trace->bytes + trace->position, 4);
        has_time = (header >> 31) != 0;
        record->event = header & 0x0fffffffu;
        record->word_count = (int)((header >> 28) & 7u);
        bytes = 4 + (has_time ? 8 : 0) + 4 * (size_t)record->word_count;
        if (trace->position + bytes > trace->length)
            return 0; /* xentrace was stopped in the middle of a record */
        if (has_time)
            memcpy(&trace->tsc[trace->pcpu], trace->bytes + trace->position + 4, 8);
        memset(record->words, 0, sizeof record->words);
        memcpy(record->words, trace->bytes + trace->position + 4 + (has_time ? 8 : 0), 4 * (size_t)record->word_count);
        trace->position += bytes;

        if (record->event == TRC_TRACE_CPU_CHANGE) {
            errno = 0;
            if (record->words[0] >= MAX_PCPUS)
                fail("the trace is damaged: physical CPU %u", record->words[0]);
            trace->pcpu = (int)record->words[0];
            continue;
        }
        if (record->event == TRC_LOST_RECORDS) {
            trace->lost += record->words[0];
            continue;
        }
        if (is_runstate_change(record->event) && ((record->event >> 4) & 3) == RUNSTATE_running)
            trace->domain[trace->pcpu] = (int)(record->words[0] >> 16);
        record->tsc = trace->tsc[trace->pcpu];
        record->pcpu = trace->pcpu;
        record->domain = trace->domain[trace->pcpu];
        return 1;
    }
    return 0;
}

/*
 * Is this record a marker? In a PVH guest that is the exit for a CPUID, with what is asked for in the handler's record; in
 * a PV guest the emulation of one from user space, by a prefix that no other program has. `exit` is the last exit: the
 * marker's time.
 */
static int is_marker(const struct record *record, uint64_t *exit)
{
    switch (record->event) {
    case TRC_HVM_VMEXIT64:
        *exit = record->tsc;
        return 0;
    case TRC_HVM_CPUID: /* leaf, then the answer */
        return record->words[0] == MARKER_START || record->words[0] == MARKER_STOP;
    case TRC_PV_FORCED_INVALID_OP | EVENT_64_BIT: /* the address */
        *exit = record->tsc;
        return record->words[1] < FIRST_KERNEL_ADDRESS_HIGH;
    default:
        return 0;
    }
}

static void find_window(struct trace *trace, struct window_seen *window)
{
    struct record record;
    uint64_t exit[MAX_PCPUS] = { 0 };

    memset(window, 0, sizeof *window);
    trace_rewind(trace);
    while (trace_next(trace, &record)) {
        if (!is_marker(&record, &exit[record.pcpu]))
            continue;
        if (!window->started) {
            window->started = 1;
            window->domain = record.domain;
            window->start = exit[record.pcpu];
        } else if (!window->stopped && record.domain == window->domain) {
            window->stopped = 1;
            window->stop = exit[record.pcpu];
        }
    }
    errno = 0;
    if (!window->started || !window->stopped)
        fail("no marked window in the trace (%s, %lu records lost, %zu bytes)",
             window->started ? "it never ends" : "it never begins", trace->lost, trace->length);
}

/* How many of a record's words tell one case from another; they are put into `words`. */
static int telling_words(const struct record *record, uint32_t *words)
{
    switch (record->event & ~EVENT_64_BIT) {
    case TRC_HVM_VMEXIT:    /* exit code */
    case TRC_HVM_VMMCALL:   /* hypercall number */
    case TRC_HVM_MSR_READ:  /* register */
    case TRC_HVM_MSR_WRITE: /* register */
        words[0] = record->words[0];
        return 1;
    case TRC_PV_HYPERCALL_V2:
    case TRC_PV_HYPERCALL_SUBCALL:
        words[0] = record->words[0] & ~TRC_PV_HYPERCALL_V2_ARG_MASK;
        words[1] = record->words[1];
        return (record->words[0] & TRC_PV_HYPERCALL_V2_ARG_32(0)) != 0 ? 2 : 1; /* argument 0: the operation */
    default:
        return 0;
    }
}

static int same_kind(const struct kind *kind, const struct kind *other)
{
    return kind->domain == other->domain && kind->event == other->event && kind->word_count == other->word_count &&
           kind->words[0] == other->words[0] && kind->words[1] == other->words[1];
}

static void count_record(struct kind *kinds, int *kind_count, const struct record *record)
{
    uint32_t flag = is_runstate_change(record->event) ? 0 : EVENT_64_BIT; /* there the bit means something else */
    struct kind kind = { .domain = record->domain, .event = record->event & ~flag };

    kind.word_count = telling_words(record, kind.words);
    for (int i = 0; i < *kind_count; i++) {
        if (same_kind(&kinds[i], &kind)) {
            kinds[i].count++;
            return;
        }
    }
    errno = 0;
    if (*kind_count == MAX_KINDS)
        fail("more than %d kinds of records", MAX_KINDS);
    kind.count = 1;
    kinds[(*kind_count)++] = kind;
}

static void print_domain(int domain)
{
    if (domain == NO_DOMAIN)
        fputs(" -", stdout);
    else
        printf(" %d", domain);
}

static void print_words(const uint32_t *words, int count)
{
    if (count == 0)
        fputs(" -", stdout);
    for (int i = 0; i < count; i++)
        printf("%c%x", i == 0 ? ' ' : '.', words[i]);
}

static void print_record(const struct record *record)
{
    printf("record %d", record->pcpu);
    print_domain(record->domain);
    printf(" %llu %x", (unsigned long long)record->tsc, record->event);
    print_words(record->words, record->word_count);
    putchar('\n');
}

static void map_file(struct trace *trace, const char *path)
{
    struct stat status;
    int file = open(path, O_RDONLY);

    if (file < 0 || fstat(file, &status) != 0)
        fail("%s", path);
    errno = 0;
    if (status.st_size == 0)
        fail("%s is empty: xentrace recorded nothing", path);
    trace->length = (size_t)status.st_size;
    trace->bytes = mmap(NULL, trace->length, PROT_READ, MAP_PRIVATE, file, 0);
    if (trace->bytes == MAP_FAILED)
        fail("%s cannot be mapped", path);
    close(file);
}

int trace_count(const struct options *options)
{
    static struct kind kinds[MAX_KINDS];
    unsigned long records_left = option_number(options, "records", 0);
    struct trace trace = { 0 };
    struct window_seen window;
    struct record record;
    int kind_count = 0;

    map_file(&trace, option_required(options, "file"));
    find_window(&trace, &window);
    printf("window %d %llu %llu %lu\n", window.domain, (unsigned long long)window.start,
           (unsigned long long)(window.stop - window.start), trace.lost);
    trace_rewind(&trace);
    while (trace_next(&trace, &record)) {
        if (record.tsc <= window.start || record.tsc >= window.stop)
            continue;
        count_record(kinds, &kind_count, &record);
        if (records_left > 0) {
            records_left--;
            print_record(&record);
        }
    }
    for (int i = 0; i < kind_count; i++) {
        fputs("count", stdout);
        print_domain(kinds[i].domain);
        printf(" %x", kinds[i].event);
        print_words(kinds[i].words, kinds[i].word_count);
        printf(" %lu\n", kinds[i].count);
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
