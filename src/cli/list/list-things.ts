import { unknownName } from '../../base/did-you-mean.js';
import { UserError } from '../../base/errors.js';
import type { Invocation } from '../command.js';
import { LISTS } from '../commands/list.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { textTable } from '../text-table.js';
import { listClaims } from './claim-list.js';
import { listMetrics } from './metric-list.js';
import { listProfiles } from './profile-list.js';
import { listScenarios } from './scenario-list.js';
import { listTestbeds } from './testbed-list.js';
import { listTransports } from './transport-list.js';

/** A list for people and for programs. */
export interface Listing {
  /** One item each, with every detail; `name` tells them apart. */
  readonly items: readonly { readonly name: string }[];
  readonly header: readonly string[];
  /** One row an item, in their order. */
  readonly rows: readonly (readonly string[])[];
  /** All about one item, for people. */
  detail?(name: string, width: number): string;
}

const LISTERS: Readonly<Record<(typeof LISTS)[number], () => Listing>> = {
  transports: listTransports,
  scenarios: listScenarios,
  profiles: listProfiles,
  testbeds: listTestbeds,
  metrics: listMetrics,
  claims: listClaims,
};

/** Carries out `interdom list`. */
export async function listThings(invocation: Invocation): Promise<ExitCode> {
  const { positionals, options, terminal } = invocation;
  const [what = '', ...names] = positionals;
  const known = LISTS.find((one) => one === what);
  if (known === undefined) throw unknownName('a list', what, LISTS, 'interdom list');
  const listing = LISTERS[known]();
  const all = listing.items.map(({ name }) => name);
  for (const name of names) {
    if (!all.includes(name)) {
      throw unknownName(`one of the ${known}`, name, all, `interdom list ${known}`);
    }
  }
  const wanted = listing.items.filter(({ name }) => names.length === 0 || names.includes(name));
  if (options.word('format', ['table', 'json']) === 'json') {
    await terminal.print(`${JSON.stringify(wanted, null, 2)}\n`);
  } else if (names.length === 0) {
    await terminal.print(textTable(listing.header, listing.rows, terminal.width));
  } else {
    const { detail } = listing;
    if (detail === undefined) {
      throw new UserError(`there is no more to say of ${known} than the list does`, {
        where: `interdom list ${known}`,
        remedy: `interdom list ${known} --format json`,
      });
    }
    await terminal.print(names.map((name) => detail(name, terminal.width)).join('\n'));
  }
  return EXIT.ok;
}
