import { Prng } from '../../base/prng.js';
import { CAUSES } from '../../xen/causes.js';
import type { TransportDriver } from '../contract.js';
import { type CheckOutcome, type ConformanceCheck, randomSizes } from './check.js';
import { compute } from './end.js';
import { ringSizesFor, type Setting } from './setting.js';
import { Trial } from './trial.js';

/** What the machine shows of a transport: that it repeats itself, accounts for its time, and comes to rest. */

/** A conversation with everything in it, at the moment at which the machine has come to rest. */
function conversed(driver: TransportDriver, setting: Setting): { trial: Trial; problem?: string } {
  const trial = new Trial(driver, setting, { ringSizeBytes: ringSizesFor(driver)[0] ?? 0 });
  const prng = new Prng(setting.seed);
  const sizes = randomSizes(prng, 40, trial.largestBytes);
  trial.pair({
    *client(end) {
      for (const [index, size] of sizes.entries()) {
        compute(end.guest, 100 * size);
        yield* end.send(index, size);
      }
      for (const [index, size] of sizes.entries()) yield* end.receive(index, size);
    },
    *server(end) {
      for (const [index, size] of sizes.entries()) yield* end.receive(index, size);
      for (const [index, size] of sizes.entries()) yield* end.send(index, size);
    },
  });
  const problem = trial.run();
  return problem === undefined ? { trial } : { trial, problem };
}

/** Everything that must be the same when the same is done again. */
function fingerprint({ installation }: Trial): string {
  const { machine } = installation;
  const clocks = machine.pcpus.map((pcpu) => pcpu.clock).join(' ');
  const { scheduled } = machine.queue;
  return [
    `trace ${machine.trace.digest()} of ${machine.trace.events} steps`,
    `${scheduled} events`,
    `clocks ${clocks}`,
    `counts ${JSON.stringify(machine.counters.snapshot())}`,
    `draw ${machine.prng.uint32()}`,
  ].join('; ');
}

export const determinism: ConformanceCheck = {
  name: 'determinism',
  promise: 'the same seed gives the same trace, counts and clocks',
  modelOnly: 'threads are scheduled by the machine that they run on: no two runs are the same',
  run: (driver, setting): CheckOutcome => {
    const once = conversed(driver, setting);
    if (once.problem !== undefined) return { problem: once.problem };
    const again = conversed(driver, setting);
    const [first, second] = [fingerprint(once.trial), fingerprint(again.trial)];
    return first === second ? {} : { problem: `once ${first}, then ${second}` };
  },
};

export const attribution: ConformanceCheck = {
  name: 'attribution',
  promise: 'every picosecond of every pCPU has one cause, and none is negative',
  modelOnly: 'time is the wall clock, of which nobody knows what it was spent on',
  run: (driver, setting): CheckOutcome => {
    const { trial, problem } = conversed(driver, setting);
    if (problem !== undefined) return { problem };
    const { machine } = trial.installation;
    machine.settleAccounts();
    for (const pcpu of machine.pcpus) {
      for (const [cause, ps] of pcpu.attribution.entries()) {
        if (Number.isInteger(ps) && ps >= 0) continue;
        return { problem: `pcpu${pcpu.id} spent ${ps} ps for ${CAUSES[cause] ?? cause}` };
      }
    }
    return {};
  },
};

export const comesToRest: ConformanceCheck = {
  name: 'comes-to-rest',
  promise:
    'where both sides wait for each other, the machine comes to rest and says who waits for what',
  run: (driver, setting): CheckOutcome => {
    const trial = new Trial(driver, setting, { ringSizeBytes: ringSizesFor(driver)[0] ?? 0 });
    trial.pair({
      *client(end) {
        yield* end.receive(0, 1);
      },
      *server(end) {
        yield* end.receive(0, 1);
      },
    });
    const report = trial.run();
    if (report === undefined) return { problem: 'a message arrived that nobody has sent' };
    const named = /no progress: (server\/\S+ \d+ waits for .+; client\/\S+ \d+ waits for [^[]+)/;
    const match = named.exec(report);
    return match === null
      ? { problem: report }
      : { findings: { deadlock: (match[1] ?? '').trim() } };
  },
};
