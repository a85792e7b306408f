/* Reduces a file recorded by xentrace to counts within the measured window. */
#ifndef INTERDOM_TRACECOUNT_H
#define INTERDOM_TRACECOUNT_H

#include "options.h"

/*
 * Options: file=PATH; records=N prints up to N records of the window as well (0).
 *
 * Prints, for the first window that a domain marked (see marker.h):
 *   window DOMID START_TSC LENGTH_TSC LOST       LOST records, which make the counts too low, in the whole file
 *   count DOMID EVENT WORDS N                    DOMID "-" where no domain was known to run, EVENT in hexadecimal,
 *                                                WORDS the numbers that tell cases apart ("-" or 8a or 14.2)
 *   record PCPU DOMID TSC EVENT WORDS            all words of one record
 * Names are given by whoever reads this: src/testbed/xen/counting. Fails where no window is in the file.
 */
int trace_count(const struct options *options);

#endif
