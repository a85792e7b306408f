import type { Prng } from '../../base/prng.js';
import { ORDER, type Process } from '../../sim/process.js';
import type { Endpoint, HostileAct } from '../../transport/contract.js';
import type { Guest } from '../../transport/guest.js';
import { PAGE_SHIFT } from '../../xen/memory.js';
import type { World } from '../world.js';

/** What is written into a node of xenstore in place of what the protocol wants there. */
const NODE_VALUES = [
  ...['', ' ', '0', '1', '-1', '4', '9', '10', '20', '21', '255', '4095', '4096', '65535', '65536'],
  ...['999999999', '2147483647', '4294967295', '18446744073709551616', '1e9', '0x10', 'NaN', 'x'],
  ...['connected', 'disconnected', 'crashed', '../../..', 'A'.repeat(2000)],
];
/** Where libraries put what they read while they connect: the first words of a page. */
const FIRST_WORDS = 32;
const BOUNDARIES = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff];

/** What was done. */
export type Deed = Pick<HostileAct, 'name' | 'sendsMessage'>;

/**
 * One hostile deed while two domains connect: the attacker overwrites a node that it owns, or a word of a page that it has
 * granted to the victim, or does what the transport says is possible. Which of them there are is looked up when the moment
 * has come.
 *
 * @returns what it did, or undefined where there was nothing to be done
 */
export function* tamper(
  world: World,
  attacker: Guest,
  victim: Guest,
  endpoint: Endpoint,
  prng: Prng,
): Process<Deed | undefined> {
  const acts = world.driver.hostileAtSetup?.(attacker, endpoint) ?? [];
  const nodes = nodesOf(world, attacker.domid);
  const pages = grantedPages(attacker, victim);
  const kinds = [acts, nodes, pages].filter(({ length }) => length > 0);
  const kind = kinds[prng.below(Math.max(1, kinds.length))];
  if (kind === undefined) return undefined;
  const chosen = kind[prng.below(kind.length)];
  if (typeof chosen === 'string') {
    const value = NODE_VALUES[prng.below(NODE_VALUES.length)] as string;
    yield* attacker.xenstore.write(chosen, value);
    return { name: `node ${chosen.split('/').at(-1)}` };
  }
  if (typeof chosen === 'number') {
    while (attacker.isAhead()) yield ORDER;
    const word = prng.below(FIRST_WORDS);
    const value = prng.below(2) === 0 ? prng.uint32() : prng.below(64);
    attacker.memory.poke(chosen + 4 * word, new Uint8Array(Uint32Array.of(value).buffer));
    return { name: `word ${word} of a page` };
  }
  if (chosen === undefined) return undefined;
  const values = [...chosen.interesting, ...BOUNDARIES, prng.uint32()];
  yield* chosen.act(values[prng.below(values.length)] as number);
  return chosen;
}

/** Nodes of xenstore that a domain owns: the harness looks, the domain would know them. */
function nodesOf(world: World, domid: number): string[] {
  const { store } = world.installation.xenstored;
  const found: string[] = [];
  const walk = (path: string): void => {
    const children = store.directory(0, path);
    if (!children.ok) return;
    for (const name of children.value) {
      const child = path === '/' ? `/${name}` : `${path}/${name}`;
      const permissions = store.getPermissions(0, child);
      if (permissions.ok && permissions.value[0]?.domid === domid) found.push(child);
      walk(child);
    }
  };
  walk('/');
  return found;
}

/** Addresses of the attacker's own pages that the victim may map. */
function grantedPages(attacker: Guest, victim: Guest): number[] {
  const { space, grantTable } = attacker.domain;
  const pages: number[] = [];
  for (const { page, mfn } of space.mappings()) {
    if (grantTable.rightOf(mfn, victim.domid) !== 'none') pages.push(page << PAGE_SHIFT);
  }
  return pages;
}
