import type { OptionSpec } from '../command.js';

/** Options of the commands that join two live domains. */
export const MACHINE_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'transport',
    alias: 't',
    describe: 'what carries the bytes between the domains',
    default: 'libvchan',
    candidates: ['v4v', 'libvchan', 'v2v'],
  },
  {
    name: 'ring-size',
    describe: 'bytes of ring for each direction of each connection',
    default: '64k',
  },
  {
    name: 'limits',
    describe:
      "Xen's limits on a domain: what xl gives, or raised ones for thousands of connections",
    default: 'default',
    candidates: ['default', 'raised'],
  },
  {
    name: 'profile',
    alias: 'p',
    describe: 'hardware generation whose prices --inject pays',
    default: 'skylake-2017',
    candidates: 'profiles',
  },
  {
    name: 'inject',
    describe: 'profile: privileged operations take as long as there; none: the bare machine',
    default: 'none',
    candidates: ['profile', 'none'],
  },
  {
    name: 'guest-type',
    describe: 'pv or pvh: decides what enters the hypervisor',
    default: 'pvh',
    candidates: ['pv', 'pvh'],
  },
];
