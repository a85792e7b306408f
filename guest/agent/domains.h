/* How domains are, asked of the hypervisor itself: no xenstore, no toolstack. In dom0 only. */
#ifndef INTERDOM_DOMAINS_H
#define INTERDOM_DOMAINS_H

#include "options.h"

/*
 * Prints a line for each domain of the option "domains" (numbers, comma-separated):
 *
 *   DOMID STATE pages=N ports=N
 *
 * STATE is running, paused, crashed (it has shut itself down, for whatever reason), zombie (it is being destroyed, or is
 * kept by what others hold of it) or gone. Pages are those it still has; ports, its event channels in use.
 */
int list_domains(const struct options *options);

#endif
