import type { TransportDriver } from './contract.js';
import type { Installation } from './installation.js';

/**
 * Everything that connections take and must give back, by whose it is and what it is. Numbers that are zero are there,
 * too, so that two readings have the same names.
 */
export type Holdings = Readonly<Record<string, number>>;

const MACHINE_FRAMES = 'machine: frames';

/**
 * What is held now.
 *
 * @param frames count memory, too: only where nobody but the transport allocates any
 */
export function readHoldings(
  installation: Installation,
  driver: TransportDriver,
  frames: boolean,
): Holdings {
  const { machine, xenstored } = installation;
  const held: Record<string, number> = { 'zombie domains': [...machine.allZombies()].length };
  if (frames) held[MACHINE_FRAMES] = machine.memory.allocatedFrames;
  for (const domain of machine.allDomains()) {
    const usage = xenstored.store.usage(domain.domid);
    const name = `dom${domain.domid} ${domain.name}`;
    held[`${name}: ports`] = domain.eventChannels.count;
    held[`${name}: grants`] = domain.grantTable.grantedCount;
    held[`${name}: mappings`] = domain.grantTable.mappedCount;
    held[`${name}: xenstore nodes`] = usage?.nodes ?? 0;
    held[`${name}: xenstore watches`] = usage?.watches ?? 0;
    held[`${name}: xenstore transactions`] = usage?.transactions ?? 0;
    if (frames) held[`${name}: frames`] = domain.heldFrames;
  }
  return { ...held, ...driver.heldResources?.(machine) };
}

/**
 * What is held where each domain is a thread and knows best what it holds itself.
 *
 * @param readings of the threads, by domid; undefined where a thread is gone
 */
export function holdingsOfThreads(readings: readonly (Holdings | undefined)[]): Holdings {
  const held: Record<string, number> = {};
  for (const [domid, reading] of readings.entries()) {
    for (const [name, count] of Object.entries(reading ?? {})) {
      const owner = /^dom(\d+) /.exec(name)?.[1];
      // Each has its part of the machine's memory; what is nobody's is the same for all.
      if (name === MACHINE_FRAMES) held[name] = (held[name] ?? 0) + count;
      else if (owner === undefined || owner === String(domid)) held[name] = count;
    }
  }
  return held;
}

/** What one reading has more than another: "dom2 client: grants +2", or undefined where nothing is. */
export function grownSince(before: Holdings, now: Holdings): string | undefined {
  const grown = Object.entries(now)
    .map(([name, count]) => [name, count - (before[name] ?? 0)] as const)
    .filter(([, more]) => more > 0)
    .map(([name, more]) => `${name} +${more}`);
  return grown.length === 0 ? undefined : grown.join(', ');
}
