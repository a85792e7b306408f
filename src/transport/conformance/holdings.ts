import type { Trial } from './trial.js';

/**
 * Everything that connections take and must give back: by whose it is and what it is. Numbers that are zero are there,
 * too, so that two readings have the same names.
 */
export type Holdings = Readonly<Record<string, number>>;

export function holdings(trial: Trial): Holdings {
  const { machine, xenstored, dom0, guests } = trial.installation;
  const held: Record<string, number> = {
    'machine: frames': machine.memory.allocatedFrames,
    'machine: zombie domains': [...machine.allZombies()].length,
  };
  for (const { domain } of [dom0, ...guests]) {
    const usage = xenstored.store.usage(domain.domid);
    const counts: Record<string, number> = {
      ports: domain.eventChannels.count,
      grants: domain.grantTable.grantedCount,
      mappings: domain.grantTable.mappedCount,
      frames: domain.heldFrames,
      'xenstore nodes': usage?.nodes ?? 0,
      'xenstore watches': usage?.watches ?? 0,
      'xenstore transactions': usage?.transactions ?? 0,
    };
    for (const [what, count] of Object.entries(counts)) held[`${domain.name}: ${what}`] = count;
  }
  for (const [what, count] of Object.entries(trial.driver.heldResources?.(machine) ?? {})) {
    held[what] = count;
  }
  return held;
}

/** What one reading has more than another: "client: grants +2", or undefined where nothing is. */
export function grownSince(before: Holdings, now: Holdings): string | undefined {
  const grown = Object.entries(now)
    .map(([name, count]) => [name, count - (before[name] ?? 0)] as const)
    .filter(([, more]) => more > 0)
    .map(([name, more]) => `${name} +${more}`);
  return grown.length === 0 ? undefined : grown.join(', ');
}
