import type { Machine } from '../../xen/machine.js';
import type { Verdict } from '../contract.js';

/** A frame of one domain that another one reaches. */
export interface Reach {
  readonly owner: number;
  readonly by: number;
  readonly mfn: number;
  readonly writable: boolean;
}

/** Every frame that some domain reaches and does not own, as the page tables have it. */
export function foreignReaches(machine: Machine): Reach[] {
  const found: Reach[] = [];
  for (const domain of machine.allDomains()) {
    if (domain.state === 'dying' || domain.state === 'dead') continue;
    for (const { mfn, writable } of domain.space.mappings()) {
      const owner = machine.memory.owners[mfn] as number;
      if (owner !== domain.domid) found.push({ owner, by: domain.domid, mfn, writable });
    }
  }
  return found;
}

/**
 * Isolation: whatever of another domain is reached was granted by it to that domain, and is written only where it may be.
 */
export function checkIsolation(machine: Machine): Verdict {
  for (const { owner, by, mfn, writable } of foreignReaches(machine)) {
    const grantor = machine.domain(owner);
    if (grantor === undefined) return invalid(`dom${by} reaches frame ${mfn}, which nobody owns`);
    const right = grantor.grantTable.rightOf(mfn, by);
    if (right === 'none')
      return invalid(`dom${by} reaches frame ${mfn} of dom${owner}, not granted`);
    if (right === 'read' && writable) {
      return invalid(`dom${by} can write frame ${mfn} of dom${owner}, granted for reading`);
    }
  }
  return { verdict: 'valid' };
}

/** Pages of a domain that another one can read, and of those the ones that it can write. */
export function exposure(
  machine: Machine,
  owner: number,
  to: number,
): { readonly readable: number; readonly writable: number } {
  let readable = 0;
  let writable = 0;
  for (const reach of foreignReaches(machine)) {
    if (reach.owner !== owner || reach.by !== to) continue;
    readable++;
    if (reach.writable) writable++;
  }
  return { readable, writable };
}

function invalid(reason: string): Verdict {
  return { verdict: 'invalid', reason };
}
