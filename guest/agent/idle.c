/*
 * A window in which this domain sends nothing: asleep for a time, or busy for a number of turns of an empty loop. It
 * shows what time alone costs (timer ticks of the guest and of Xen), which is taken off what messages cost.
 */
#include <unistd.h>

#include "marker.h"
#include "outcome.h"
#include "roles.h"

/* Options: us (asleep) or turns (busy); delay (microseconds before the window). */
int role_idle(const struct options *options)
{
    unsigned long asleep = option_number(options, "us", 0);
    unsigned long turns = option_number(options, "turns", 0);
    struct window window;

    if (usleep(400000 + (useconds_t)option_number(options, "delay", 0)) != 0)
        fail("usleep");
    window_start(&window);
    for (unsigned long i = 0; i < turns; i++)
        __asm__ volatile("" ::: "memory");
    if (asleep > 0 && usleep((useconds_t)asleep) != 0)
        fail("usleep");
    window_stop(&window);
    return report("messages=0 wrong=0 ring=0 ns=%llu tsc=%llu", (unsigned long long)window.ns,
                  (unsigned long long)window.tsc);
}
