import assert from 'node:assert/strict';
import { QEMU_SVM } from '../profiles/data/qemu-svm.js';
import { SKYLAKE_2017 } from '../profiles/data/skylake-2017.js';
import type { Features } from '../profiles/feature-list.js';
import { PRICE_LIST, PRICE_NAMES, type PriceTable } from '../profiles/price-list.js';
import { priceTable } from '../profiles/profile.js';
import { ORDER, type Process } from '../sim/process.js';
import { GUEST_USER } from './causes.js';
import type { Domain, DomainLimits, GuestType } from './domain.js';
import { Machine } from './machine.js';
import type { Task } from './task.js';
import type { Vcpu } from './vcpu.js';

/** What the tests of this folder run on. */
export interface SampleOptions {
  readonly pcpus?: number;
  readonly seed?: number;
  readonly features?: Partial<Features>;
  readonly prices?: Partial<PriceTable>;
}

/** A machine without ticks on which every step costs 1 ns and copying a byte 0.1 ns. */
export function sampleMachine(options: SampleOptions = {}): Machine {
  const even = Object.fromEntries(
    PRICE_NAMES.map((name) => [name, PRICE_LIST[name].kind === 'time' ? 1000 : 100]),
  ) as PriceTable;
  return new Machine({
    features: { ...SKYLAKE_2017.features, guestTickHz: 0, deepIdleAfterUs: 0, ...options.features },
    prices: { ...even, copyUnprefetched: 0, copyClaimed: 0, ...options.prices },
    pcpus: options.pcpus ?? 2,
    seed: options.seed ?? 1,
  });
}

/** The emulated machine on which real Xen was counted. */
export function countedMachine(options: SampleOptions = {}): Machine {
  return new Machine({
    features: { ...QEMU_SVM.features, ...options.features },
    prices: { ...priceTable(QEMU_SVM), ...options.prices },
    pcpus: options.pcpus ?? 1,
    seed: options.seed ?? 1,
  });
}

export interface SampleDomain {
  readonly type?: GuestType;
  /** The pCPU of each vCPU. */
  readonly pcpus?: readonly number[];
  readonly limits?: DomainLimits;
}

export function addDomain(machine: Machine, options: SampleDomain = {}): Domain {
  const { type = 'pvh', pcpus = [0], limits } = options;
  return machine.createDomain({
    name: `guest${[...machine.allDomains()].length}`,
    type,
    pcpus,
    ...(limits === undefined ? {} : { limits }),
  });
}

/** Lets a guest's code do one thing, and the machine run until nothing is left to do. */
export function perform<T>(vcpu: Vcpu, action: () => T): T {
  let result: { readonly value: T } | undefined;
  vcpu.spawn(
    'perform',
    (function* (): Process {
      while (vcpu.isAhead()) yield ORDER;
      result = { value: action() };
    })(),
  );
  runToQuiet(vcpu.machine);
  assert.ok(result !== undefined, 'the guest did not come to it');
  return result.value;
}

/** Works for so long in user space, in pieces between which others see what happens. */
export function* work(vcpu: Vcpu, ps: number, pieces = 1): Process {
  for (let i = 0; i < pieces; i++) {
    vcpu.pcpu.charge(GUEST_USER, Math.round(ps / pieces));
    while (vcpu.isAhead()) yield ORDER;
  }
}

/** Runs the machine until nothing is left to do, and checks its accounts. */
export function runToQuiet(machine: Machine): void {
  assert.equal(machine.run({ events: 1e6 }), 'quiet');
  machine.settleAccounts();
}

/** Runs the machine up to a moment, and checks its accounts. */
export function runUntil(machine: Machine, timePs: number): void {
  machine.run({ timePs, events: 1e7 });
  for (const pcpu of machine.pcpus) pcpu.checkAccounts();
}

/** The guest's program that runs now. */
export function currentTask(vcpu: Vcpu): Task {
  assert.ok(vcpu.currentTask !== undefined);
  return vcpu.currentTask;
}
