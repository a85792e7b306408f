/*
 * A window of a given length in which this domain sends nothing: asleep, or busy. It shows what time alone costs
 * (timer ticks of guests and of Xen), which is taken off what messages cost.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "marker.h"
#include "outcome.h"
#include "roles.h"

int role_idle(const struct options *options)
{
    unsigned long microseconds = option_required_number(options, "us");
    const char *how = option_text(options, "how");
    struct window window;

    if (usleep(400000 + (useconds_t)option_number(options, "delay", 0)) != 0)
        fail("usleep");
    window_start(&window);
    if (how != NULL && strcmp(how, "busy") == 0) {
        uint64_t now;

        do {
            struct timespec time;

            if (clock_gettime(CLOCK_MONOTONIC, &time) != 0)
                fail("clock_gettime");
            now = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
        } while (now - window.start_ns < microseconds * 1000u);
    } else if (usleep((useconds_t)microseconds) != 0) {
        fail("usleep");
    }
    window_stop(&window);
    return report("messages=0 wrong=0 ring=0 ns=%llu tsc=%llu", (unsigned long long)window.ns,
                  (unsigned long long)window.tsc);
}
