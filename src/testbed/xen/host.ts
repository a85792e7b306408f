import { spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../base/errors.js';
import type { Cell, ProfileRecord } from '../../results/types.js';
import { skippedCell, unknownCell } from './cells/cell-result.js';
import { HOST_PROFILE, judgedHostCell } from './cells/host-result.js';
import { skipReason, type XenCellRequest } from './cells/request.js';
import { collectWindows, type WindowResult } from './cells/window-results.js';
import { type WindowPlan, windowCommands, windowsOf } from './cells/windows.js';
import { type ImageOptions, prepareImage, type XenImage } from './image/image.js';
import { type ConsoleMessage, ConsoleReader } from './machine/console.js';
import { shellQuoted } from './machine/qemu-arguments.js';
import type { XenRun } from './xen-testbed.js';

/** File in which Xen tells a domain what it may do. */
const CAPABILITIES = '/proc/xen/capabilities';
const BOOT_TIMEOUT_MS = 240_000;
const CELL_TIMEOUT_MS = 180_000;

export interface HostOptions extends ImageOptions {
  readonly temporaryDirectory: string;
  readonly onCell?: (cell: Cell, index: number) => void;
}

/** Does this process run in the domain that controls a real Xen? */
export async function isControlDomain(capabilitiesFile = CAPABILITIES): Promise<boolean> {
  try {
    return (await readFile(capabilitiesFile, 'utf8')).includes('control_d');
  } catch {
    return false;
  }
}

async function requireControlDomain(): Promise<void> {
  if (await isControlDomain()) return;
  throw new UserError('this is not the dom0 of a Xen host', {
    where: CAPABILITIES,
    remedy: 'leave --on out: the cells then run on real Xen in an emulated machine',
  });
}

/** This host as a results file records the computer of a run. Throws UserError where it is no dom0 or a part is missing. */
export async function describeHost(options: HostOptions): Promise<ProfileRecord> {
  await requireControlDomain();
  const image = await prepareImage({ ...options, emulated: false });
  const [processor] = cpus();
  const version = await Promise.all(['major', 'minor', 'extra'].map(versionPart));
  return {
    name: HOST_PROFILE,
    description: 'the Xen host on which this ran, with real Linux guests: times are real',
    clockHz: (processor?.speed ?? 0) * 1e6,
    features: {
      processor: processor?.model.trim() ?? 'unknown',
      hypervisor: `Xen ${version[0]}.${version[1]}${version[2]}`,
      kernel: image.contents['kernel'] ?? 'unknown',
      image: image.hash,
    },
    prices: {},
  };
}

/** What Linux says of the hypervisor below it; '?' where it says nothing. */
async function versionPart(name: string): Promise<string> {
  const text = await readFile(join('/sys/hypervisor/version', name), 'utf8').catch(() => '?');
  return text.trim();
}

interface Planned {
  readonly index: number;
  readonly request: XenCellRequest;
  readonly windows: readonly WindowPlan[];
}

/**
 * Carries out cells with guests of the very host this runs on, which must be a dom0: the same agent, guests and shell
 * functions as in the emulated machine, started by the host's own `xl`. Real times count here; there is no counting
 * plugin, so counts are xentrace's. The guests it makes are called interdom-1 and interdom-2, and are gone at the end.
 *
 * Throws UserError where this is no dom0 or a part is missing.
 */
export async function runXenCellsOnHost(
  requests: readonly XenCellRequest[],
  options: HostOptions,
): Promise<XenRun> {
  await requireControlDomain();
  const image = await prepareImage({ ...options, emulated: false });
  const cells: Cell[] = new Array(requests.length);
  const settle = (index: number, cell: Cell): void => {
    cells[index] = cell;
    options.onCell?.(cell, index);
  };
  const groups = new Map<string, Planned[]>();
  for (const [index, request] of requests.entries()) {
    // Whether the host's hypervisor has Argo shows when a ring is registered.
    const reason = skipReason(request, { hasArgo: true, hasSocketProxy: image.hasSocketProxy });
    if (reason !== undefined) {
      settle(index, skippedCell(request, reason, HOST_PROFILE));
      continue;
    }
    const key = `${request.parameters.guestTypes.join()} ${request.parameters.placement}`;
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push({ index, request, windows: windowsOf(index, request) });
  }
  for (const group of groups.values()) await runGroup(group, image, options, settle);
  return {
    cells,
    provenance: { image: image.hash, emulator: 'none', contents: image.contents, xenArguments: [] },
  };
}

async function runGroup(
  group: readonly Planned[],
  image: XenImage,
  options: HostOptions,
  settle: (index: number, cell: Cell) => void,
): Promise<void> {
  const work = await mkdtemp(join(options.temporaryDirectory, 'interdom-host-'));
  const messages: ConsoleMessage[] = [];
  let fault: string | undefined;
  try {
    await mkdir(join(work, 'bin'));
    await copyFile(image.agent, join(work, 'bin', 'interdom-agent'));
    await writeFile(join(work, 'run.sh'), hostScript(group, image, options, work));
    fault = await runScript(join(work, 'run.sh'), group.length, options, (message) =>
      messages.push(message),
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  const windows = collectWindows(messages, '');
  for (const { index, request, windows: plans } of group) {
    const results = plans.map(({ id }) => windows.get(id));
    const complete = results.every((result): result is WindowResult => result !== undefined);
    const reason = fault ?? 'the guests ended before this cell was done';
    settle(
      index,
      complete
        ? judgedHostCell(request, plans, results)
        : unknownCell(request, reason, '', HOST_PROFILE),
    );
  }
}

/** What the host's shell carries out. It takes its guests away however it ends. */
export function hostScript(
  group: readonly Pick<Planned, 'request' | 'windows'>[],
  image: Pick<XenImage, 'kernel' | 'guestInitramfs'>,
  options: Pick<HostOptions, 'guestSourceDirectory'>,
  work: string,
): string {
  const { guestTypes, placement } = (group[0] as Planned).request.parameters;
  const guests = guestTypes
    .map((type, i) => `${type}:${placement === 'own' ? i + 1 : 0}`)
    .join(',');
  const lines = [
    '#!/bin/sh',
    `INTERDOM_RUN=${shellQuoted(work)}`,
    `PATH=${shellQuoted(join(work, 'bin'))}:$PATH:/usr/sbin:/usr/local/sbin`,
    'for folder in /usr/lib/xen-*/bin /usr/lib/xen/bin /usr/libexec/xen/bin; do PATH=$PATH:$folder; done',
    ...['testbed.sh', 'proxy.sh'].map(
      (name) => `. ${shellQuoted(join(options.guestSourceDirectory, 'dom0', name))}`,
    ),
    'trap "stop_guests; exit 1" INT TERM HUP',
    `start_guests ${guests} ${shellQuoted(image.kernel)} ${shellQuoted(image.guestInitramfs)} || {`,
    '\tstop_guests',
    '\tfailed the guests did not come up',
    '}',
    'warm_guests >/dev/null',
    'echo "@interdom-ready"',
    ...group.flatMap(({ request, windows }) =>
      windows.map((window) => windowCommands(request, window).trimEnd()),
    ),
    'stop_guests',
    'echo "@interdom-done"',
  ];
  return `${lines.join('\n')}\n`;
}

/** Runs the script to its end, within its time. Returns why it failed, if it did. */
function runScript(
  script: string,
  cellCount: number,
  options: HostOptions,
  onMessage: (message: ConsoleMessage) => void,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    // A group of its own: what the shell waits for must end before its trap can take the guests away.
    const child = spawn('sh', [script], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    const end = (): void => {
      if (child.pid === undefined || child.exitCode !== null) return;
      process.kill(-child.pid, 'SIGTERM');
    };
    let reason: string | undefined;
    const reader = new ConsoleReader((message) => {
      if (message.kind === 'failed') reason ??= message.reason;
      else onMessage(message);
    });
    child.stdout.setEncoding('latin1').on('data', (text: string) => reader.read(text));
    const limitMs = BOOT_TIMEOUT_MS + cellCount * CELL_TIMEOUT_MS;
    const timer = setTimeout(() => {
      reason = `not done within ${Math.round(limitMs / 1000)} s`;
      end();
    }, limitMs);
    options.signal?.addEventListener('abort', end, { once: true });
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', end);
      act();
    };
    child.on('error', (error) => settle(() => reject(error)));
    child.on('close', (code) =>
      settle(() => {
        if (options.signal?.aborted === true) reject(options.signal.reason);
        else if (code === 0) resolve(reason);
        else
          resolve(`${reason ?? `the host's shell ended with exit code ${code}`}\n${reader.tail()}`);
      }),
    );
  });
}
