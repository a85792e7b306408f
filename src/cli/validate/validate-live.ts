import type { SettingValue } from '../../base/setting.js';
import { formatSignificant } from '../../base/units.js';
import { softwareOfAnEvent } from '../../judge/validation/event-software.js';
import { LIVE_TOLERANCE, type LiveRow, liveRows } from '../../judge/validation/live-rows.js';
import { bareProfile, WAKE_UP } from '../../profiles/bare-profile.js';
import { DEFAULT_PROFILE_NAME, findProfile } from '../../profiles/index.js';
import type { PriceName } from '../../profiles/price-list.js';
import { type Profile, picoseconds } from '../../profiles/profile.js';
import { parseProfile } from '../../profiles/user-profile.js';
import type { Cell } from '../../results/types.js';
import type { CellParameters, Scenario } from '../../scenario/contract.js';
import { refusal } from '../../testbed/cell-identity.js';
import { calibrateHost } from '../../testbed/live/calibration/calibrate-host.js';
import { hostProfile } from '../../testbed/live/calibration/host-profile.js';
import { BARE_MACHINE } from '../../testbed/live/planning.js';
import { type Effort, USUAL_EFFORT } from '../../testbed/live/sampling.js';
import { runModelCell } from '../../testbed/model/model-testbed.js';
import type { TransportDriver } from '../../transport/contract.js';
import { CATALOGUE } from '../catalogue.js';
import type { Invocation } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { liveSoftware, openLive } from '../live/live-batches.js';
import { resolveProfiles } from '../run/profile-files.js';
import { textTable } from '../text-table.js';

const MESSAGE_SIZES = [4096, 16_384, 65_536];
const RING_SIZES = [65_536];
/** What a round moves: little, so that some rounds pass between the turns of other load. */
const BYTES = 2 << 20;
const FEWEST_MESSAGES = 64;
/** Their rounds tell the software of an event. */
const ROUND_TRIPS = 'ping-pong';
const TRIPS = 1000;
/** Only domains that keep looking are compared; more rounds than usual, for their best tenth. */
const EFFORT: Effort = { ...USUAL_EFFORT, turns: { spin: 15, block: 0 }, roundsPerTurn: 4 };

/** `validate --testbed live`: the model with this host's prices against the live testbed with nothing injected. */
export async function validateLive(invocation: Invocation, signal: AbortSignal): Promise<ExitCode> {
  const { options, terminal } = invocation;
  const onProgress = (text: string): void => terminal.note(`interdom: ${text}`);
  const profile = await calibrated(invocation, onProgress);
  const stream = CATALOGUE.scenarios.find(({ name }) => name === 'stream');
  const talk = CATALOGUE.scenarios.find(({ name }) => name === ROUND_TRIPS);
  if (stream === undefined || talk === undefined) return EXIT.internalError;
  const settings = defaultsOf(stream);
  // A sender that waits for a late receiver falls asleep, and is woken inside what is timed.
  settings['receiverDelayNs'] = 0;
  const wanted = options.list('transport')?.texts;
  const transports = CATALOGUE.transports.filter(({ name, capabilities }) =>
    wanted === undefined ? capabilities.comparable : wanted.includes(name),
  );
  const cells = (options.sizes('ring-size') ?? RING_SIZES).flatMap((ringSizeBytes) =>
    (options.sizes('message-size') ?? MESSAGE_SIZES).flatMap((messageSizeBytes) =>
      transports.flatMap((transport) => {
        const messages = Math.max(FEWEST_MESSAGES, Math.ceil(BYTES / messageSizeBytes));
        const parameters = parametersOf(ringSizeBytes, messageSizeBytes, messages, settings);
        return refusal(transport, stream, parameters) === undefined
          ? [{ transport, parameters }]
          : [];
      }),
    ),
  );
  const testbed = openLive(
    { inject: 'none' },
    { options, environment: terminal.environment, jobs: 1, profiles: [profile] },
    EFFORT,
  );
  const live: Cell[] = [];
  const watcher = { signal, onProgress, onCell: (cell: Cell) => void live.push(cell) };
  const planned = (transport: TransportDriver, scenario: string, parameters: CellParameters) => ({
    testbed: 'live',
    profile: BARE_MACHINE,
    transport: transport.name,
    scenario,
    parameters,
    transportOptions: {},
  });
  const talks = transports.map((transport) => ({
    transport,
    parameters: parametersOf(RING_SIZES[0] as number, 64, TRIPS, defaultsOf(talk)),
  }));
  await testbed.prepare(watcher);
  await testbed.run(
    [
      ...talks.map(({ transport, parameters }) => planned(transport, ROUND_TRIPS, parameters)),
      ...cells.map(({ transport, parameters }) => planned(transport, stream.name, parameters)),
    ],
    watcher,
  );
  const bare = new Map<string, Profile>();
  const eventsNs: Record<string, number> = {};
  for (const { transport, parameters } of talks) {
    onProgress(`software of ${transport.name} on one thread`);
    const software = await liveSoftware(transport.name, profile);
    const modelled = runModelCell({
      profile: bareProfile(profile, software),
      transport,
      scenario: talk,
      parameters,
      transportOptions: {},
    });
    const measured = live.find(
      (cell) => cell.scenario === ROUND_TRIPS && cell.transport === transport.name,
    );
    const eventNs = softwareOfAnEvent(modelled, measured);
    eventsNs[transport.name] = eventNs;
    bare.set(transport.name, bareProfile(profile, { ...software, eventNs }));
  }
  const model = cells.map(({ transport, parameters }) =>
    runModelCell({
      profile: bare.get(transport.name) as Profile,
      transport,
      scenario: stream,
      parameters,
      transportOptions: {},
    }),
  );
  const priceNs = (name: PriceName): number => {
    const { value, unit } = profile.prices[name];
    return picoseconds(value, unit, profile.clockHz) / 1000;
  };
  const streams = live.filter(({ scenario }) => scenario === stream.name);
  const rows = liveRows(model, streams, {
    wakeUpNs: WAKE_UP.reduce((sum, name) => sum + priceNs(name), 0),
    cacheLineNs: priceNs('cacheLine'),
    eventNs: eventsNs,
  });
  await terminal.print(tableOf(rows, terminal.width));
  for (const { transport, verdict, reason } of live) {
    if (verdict !== 'valid') terminal.complain(`interdom: ${transport}: ${verdict}: ${reason}`);
  }
  for (const note of new Set(live.flatMap(({ notes }) => notes ?? []))) {
    terminal.note(`interdom: ${note}`);
  }
  return rows.length === cells.length ? EXIT.ok : EXIT.nothingMeasured;
}

function parametersOf(
  ringSizeBytes: number,
  messageSizeBytes: number,
  messages: number,
  settings: CellParameters['settings'],
): CellParameters {
  return {
    ringSizeBytes,
    messageSizeBytes,
    messages,
    guestTypes: ['pvh', 'pvh'],
    grantMode: 'persistent',
    placement: 'own',
    seed: 1,
    settings,
  };
}

function defaultsOf({ settings }: Scenario): Record<string, SettingValue> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, setting]) => [name, setting.default]),
  );
}

/** The profile that was given, or one that is measured now. */
async function calibrated(
  { options }: Invocation,
  onProgress: (text: string) => void,
): Promise<Profile> {
  const given = options.list('profile');
  const [chosen] = given === undefined ? [] : resolveProfiles(given, CATALOGUE.profiles, '');
  if (chosen !== undefined) return chosen;
  onProgress('no --profile is given: this host is calibrated first');
  const base = findProfile(DEFAULT_PROFILE_NAME) as Profile;
  const text = JSON.stringify(
    hostProfile('this-host', await calibrateHost(onProgress), base, base.clockHz),
  );
  return parseProfile(text, 'the calibration of this host');
}

function tableOf(rows: readonly LiveRow[], width: number): string {
  const rate = (bytes: number): string => `${formatSignificant(bytes / 1e9)} GB/s`;
  const percent = (part: number): string => `${part > 0 ? '+' : ''}${Math.round(100 * part)} %`;
  return textTable(
    [
      'transport',
      'message',
      'ring',
      'model',
      'live, best tenth',
      'median',
      'model is',
      `within ${100 * LIVE_TOLERANCE} %`,
    ],
    rows.map((row) => [
      row.transport,
      String(row.messageSizeBytes),
      String(row.ringSizeBytes),
      rate(row.modelBytesPerSecond),
      rate(row.liveBytesPerSecond),
      rate(row.medianBytesPerSecond),
      percent(row.difference),
      row.isWithin ? 'yes' : `no: ${row.reason}`,
    ]),
    width,
  );
}
