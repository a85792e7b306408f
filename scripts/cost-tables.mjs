// Writes the tables of docs/cost-model.md that follow from the profiles, between their markers.
//
//     node scripts/cost-tables.mjs           after a change of a price (build first)
//     node scripts/cost-tables.mjs --check   exit 1 where the tables are not up to date
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { COMPOSITE_NAMES, equationText, recomposedNs } from '../dist/src/profiles/composites.js';
import {
  CONTRADICTIONS,
  PUBLISHED_COMPOSITES,
} from '../dist/src/profiles/data/published-composites.js';
import { FEATURE_KINDS } from '../dist/src/profiles/feature-list.js';
import { findProfile, PROFILES } from '../dist/src/profiles/index.js';
import { PRICE_LIST, PRICE_NAMES } from '../dist/src/profiles/price-list.js';

// A word that is not known is refused: nothing is written then.
const { check: checks } = parseArgs({ options: { check: { type: 'boolean' } } }).values;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const document = join(root, 'docs', 'cost-model.md');

/** When each price is charged, and where in the source. A price without a line here stops the script. */
const CHARGED = {
  vmexit: 'each entry of a PVH guest: hypercall, HLT, interrupt, EOI, #NM (`vcpu.ts`)',
  pvEntry: 'each entry of a PV guest: hypercall, system call, trap, interrupt (`vcpu.ts`)',
  syscall:
    'each system call of a PVH guest; one of a PV guest pays `pvEntry` instead (`guest-kernel.ts`)',
  cr3Write:
    'a vCPU switch; each local TLB flush; twice a system call of a PV guest (`pcpu.ts`, `tlb-flush.ts`, `guest-kernel.ts`)',
  invlpg: 'each page that a PVH guest unmaps (`grant-device.ts`)',
  tlbRefill: 'each page that a copy reaches and the TLB does not hold (`guest-memory.ts`)',
  ipi: 'delay, not work: from the sender to the other pCPU, to kick, wake or shoot down (`pcpu.ts`)',
  shootdownFirst: 'whoever flushes, where another pCPU runs a vCPU of the domain (`tlb-flush.ts`)',
  shootdownFurther: 'the same, for each pCPU after the first (`tlb-flush.ts`)',
  cacheLine:
    'a shared index, flag or lock that another pCPU wrote last (`shared-fields.ts`, V4V locks)',
  hypercall: 'each hypercall, beside `vmexit` or `pvEntry` (`vcpu.ts`)',
  exitHandler: 'each entry that is no hypercall, beside `vmexit` or `pvEntry` (`vcpu.ts`)',
  evtchnSend: 'each EVTCHNOP_send (`event-channels.ts`)',
  evtchnControl:
    'each other event_channel_op; unmask only where an event waits (`event-channels.ts`)',
  schedOp: 'each time a vCPU blocks (`vcpu.ts`)',
  timerOp: 'each set_timer hypercall: after a tick, before a sleep (`guest-kernel.ts`)',
  grantMap: 'each page mapped; twice in a PV guest (`grant-table.ts`, `grant-device.ts`)',
  grantUnmap: 'each page unmapped; twice in a PV guest (`grant-table.ts`, `grant-device.ts`)',
  grantCopy: 'each GNTTABOP_copy; its bytes pay `copySetup` and the copy prices (`grant-table.ts`)',
  argoSendv: 'each sendv of V4V (`transports/v4v`)',
  argoNotify: 'each notify of V4V (`transports/v4v`)',
  argoRegister: 'each page of a ring registered or unregistered (`transports/v4v`)',
  pageWalk:
    'a PVH guest: each page that V4V reaches by address (`transports/v4v`); twice for each grant operation, for its arguments (`grant-table.ts`); three times when a vCPU gets or loses its pCPU, for its runstate (`pcpu.ts`); each instruction that exits, where `nextRip` is off (`vcpu.ts`)',
  vcpuSwitch: 'another vCPU than the last one starts on a pCPU, beside `cr3Write` (`pcpu.ts`)',
  deepIdleExit:
    'an idle pCPU wakes up whose sleep before this one was longer than `deepIdleAfterUs` (`pcpu.ts`)',
  copyClaimed:
    'the written end of a copy, where others have read that piece of memory since (`copy-end.ts`)',
  copyUnprefetched:
    'each end of a copy shorter than `longCopyBytes` that lies beyond L2 pays half (`copy-end.ts`)',
  vcpuUnblock: 'an event wakes a blocked vCPU: on the pCPU of the sender (`vcpu.ts`)',
  vcpuWake: 'a vCPU is woken whose pCPU idles (`pcpu.ts`)',
  inject: 'each upcall, of events or of the timer (`vcpu.ts`, `guest-kernel.ts`)',
  mitigationEntry: 'each entry, of PV and PVH guests alike (`vcpu.ts`)',
  l1dFlush: 'each entry of a PVH guest, where the feature `l1tfFlush` is on (`vcpu.ts`)',
  libraryCall: 'each call of send, receive, read or write, with or without success (`transports/`)',
  systemCall: 'each system call, of PV and PVH guests alike (`guest-kernel.ts`)',
  eventDevice: 'each read, write and notify of /dev/xen/evtchn (`event-device.ts`)',
  upcall: 'each port that an upcall finds pending, and the timer (`vcpu.ts`, `guest-kernel.ts`)',
  taskSwitch: 'a task starts, and once more when it blocks or ends (`guest-kernel.ts`)',
  timerTick: 'each tick of a guest that is not idle (`guest-kernel.ts`)',
  xenbus: 'each xenstore request, in the guest that makes it (`xenstored.ts`)',
  memoryMap: 'each region mapped, and each unmapped (`grant-device.ts`)',
  clockRead: 'before and after what a scenario times (`src/scenario`)',
  payload: 'each byte of payload, at the sender and at the receiver (`src/scenario`)',
  copySetup: 'each copy, by a guest or by Xen (`guest-memory.ts`)',
  copyL1: 'half a byte for each end of a copy that was found in L1 (`guest-memory.ts`)',
  copyL2: 'the same, in L2',
  copyL3: 'the same, in L3',
  copyDram: 'the same, in no cache',
  xenstoreOperation:
    'each request that xenstored carries out, on the vCPU of dom0 (`xenstored.ts`)',
  brokerStep: 'each step of the V2V broker, on the vCPU of dom0 (`transports/v2v`)',
  domainTeardownPerGib: 'the memory of a destroyed domain',
  crashDetection: 'delay, not work: until the toolstack learns of a crash',
};

const MARK = { measured: 'M', derived: 'D', recalled: 'R', estimate: 'E' };
const GROUPS = {
  hardware: 'Hardware',
  hypervisor: 'Hypervisor',
  mitigation: 'Mitigations',
  guest: 'Guest',
  memory: 'Copying',
  toolstack: 'Toolstack',
};
const COMPOSITE_TITLES = {
  nullHypercall: 'null hypercall, PVH',
  eventRunning: 'event to a running vCPU',
  eventBlocked: 'event to a blocked vCPU',
  vcpuSwitchOnOnePcpu: 'vCPU switch on one pCPU',
  grantMapUnmap: 'grant map + unmap, a page',
  grantCopyFixed: 'grant copy, fixed part',
};

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function meanings() {
  const rows = PRICE_NAMES.map((name) => {
    if (CHARGED[name] === undefined) {
      throw new Error(`scripts/cost-tables.mjs: say in CHARGED when ${name} is charged`);
    }
    const { meaning, causes } = PRICE_LIST[name];
    return [`\`${name}\``, meaning, CHARGED[name], causes.join(', ')];
  });
  return table(['price', 'what it is', 'charged when (and where)', 'attributed to'], rows);
}

function shown(amount, unit) {
  const digits = amount !== 0 && amount < 100 ? Number(amount.toPrecision(3)) : Math.round(amount);
  return `${digits} ${unit === 'cycles' ? 'cy' : unit}`;
}

function prices() {
  return Object.entries(GROUPS)
    .map(([group, title]) => {
      const names = PRICE_NAMES.filter((name) => PRICE_LIST[name].group === group);
      const rows = names.map((name) => [
        `\`${name}\``,
        ...PROFILES.map((profile) => {
          const { value, unit, confidence } = profile.prices[name];
          return value === 0 ? '0' : `${shown(value, unit)} ${MARK[confidence]}`;
        }),
      ]);
      return `**${title}**\n\n${table(['price', ...PROFILES.map(({ name }) => name)], rows)}`;
    })
    .join('\n\n');
}

function features() {
  const rows = Object.keys(FEATURE_KINDS).map((name) => [
    `\`${name}\``,
    ...PROFILES.map(({ features }) => {
      const value = features[name];
      if (typeof value === 'boolean') return value ? 'yes' : 'no';
      return name.endsWith('Bytes') ? `${value / 1024} KiB` : String(value);
    }),
  ]);
  return table(['feature', ...PROFILES.map(({ name }) => name)], rows);
}

function composites() {
  const rows = [];
  for (const name of COMPOSITE_NAMES) {
    for (const [profileName, figures] of Object.entries(PUBLISHED_COMPOSITES)) {
      const profile = findProfile(profileName);
      const { value, unit, confidence } = figures[name];
      const ns = recomposedNs(profile, name);
      const published = unit === 'cycles' ? (value * 1e9) / profile.clockHz : value;
      const percent = ((ns / published - 1) * 100).toFixed(1);
      rows.push([
        COMPOSITE_TITLES[name],
        profileName,
        `${shown(value, unit)} ${MARK[confidence]}`,
        equationText(profile, name),
        `${percent === '-0.0' ? '0.0' : percent} %`,
      ]);
    }
  }
  const notes = CONTRADICTIONS.map(
    ({ profile, composite, reason }) =>
      `Not kept: ${COMPOSITE_TITLES[composite]}, \`${profile}\`: ${reason}.`,
  );
  const head = ['composite', 'profile', 'published', 'what the machine charges', 'differs'];
  return [table(head, rows), ...notes].join('\n\n');
}

const TABLES = { meanings, prices, features, composites };

function filled(text) {
  let result = text;
  for (const [name, render] of Object.entries(TABLES)) {
    const begin = `<!-- table ${name}: written by scripts/cost-tables.mjs -->`;
    const end = `<!-- end of table ${name} -->`;
    const from = result.indexOf(begin);
    const to = result.indexOf(end);
    if (from < 0 || to < from) throw new Error(`${document} has no markers for table ${name}`);
    result = `${result.slice(0, from)}${begin}\n\n${render()}\n\n${result.slice(to)}`;
  }
  return result;
}

const before = readFileSync(document, 'utf8');
const after = filled(before);
if (checks) {
  if (before !== after) {
    console.error('docs/cost-model.md is not up to date: run `node scripts/cost-tables.mjs`');
    process.exit(1);
  }
} else if (before !== after) {
  writeFileSync(document, after);
}
