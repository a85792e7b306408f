import type { TransportDriver } from '../../transport/contract.js';
import type { Installation } from '../../transport/installation.js';

/** Everything that connections take and must give back, by whose it is and what it is. */
export type Holdings = Readonly<Record<string, number>>;

/**
 * What is held now. Frames of a domain are left out: programs of the scenario have buffers, and a kernel keeps pages for
 * the next time; what a peer still maps is counted as grants and mappings.
 */
export function readHoldings(installation: Installation, driver: TransportDriver): Holdings {
  const { machine, xenstored } = installation;
  const held: Record<string, number> = { 'zombie domains': [...machine.allZombies()].length };
  for (const domain of machine.allDomains()) {
    // The tree dies with its daemon.
    const usage = xenstored.isDead ? undefined : xenstored.store.usage(domain.domid);
    const name = `dom${domain.domid} ${domain.name}`;
    held[`${name}: ports`] = domain.eventChannels.count;
    held[`${name}: grants`] = domain.grantTable.grantedCount;
    held[`${name}: mappings`] = domain.grantTable.mappedCount;
    held[`${name}: xenstore nodes`] = usage?.nodes ?? 0;
    held[`${name}: xenstore watches`] = usage?.watches ?? 0;
    held[`${name}: xenstore transactions`] = usage?.transactions ?? 0;
  }
  return { ...held, ...driver.heldResources?.(machine) };
}

/** What one reading has more than another: "dom2 client: grants +2", or undefined where nothing is. */
export function grownSince(before: Holdings, now: Holdings): string | undefined {
  const grown = Object.entries(now)
    .map(([name, count]) => [name, count - (before[name] ?? 0)] as const)
    .filter(([, more]) => more > 0)
    .map(([name, more]) => `${name} +${more}`);
  return grown.length === 0 ? undefined : grown.join(', ');
}
