import { BARE_GRANT_PAGES, messagesInFlight, requestsOf, type XenCellRequest } from './request.js';

/** One measured window of a cell, or of the calibration of a machine. */
export interface WindowPlan {
  /** Unique within a batch; letters, digits and dashes, since xenstore takes nothing else. */
  readonly id: string;
  readonly messages: number;
  /** Microseconds by which the start is delayed: another place relative to the timer. */
  readonly delayUs: number;
  /** Whether xentrace runs meanwhile. It makes time longer, so counts are taken from windows without. */
  readonly traced: boolean;
}

/** The delays at which each cell is measured: a timer ticks every 4000 us, and these fall on different parts of it. */
export const PHASE_DELAYS_US = [0, 1370, 2713] as const;

const ROUND_TRIPS = 150;
const TRANSFERS = 150;
/**
 * How often a stream fills its ring within the shorter window: often where that is quick, and at least so often that it
 * does not matter where in a turn the window ends. V4V asks Xen for each message, and so needs fewer.
 */
const LEAST_RING_TURNS = 12;
const LEAST_RING_TURNS_OF_V4V = 2;
const MOST_RING_TURNS = 32;
/** Instructions that a window may take; about a third of a second. */
const WINDOW_INSTRUCTIONS = 40_000_000;
/** Roughly what a message, its bytes and a turn of the ring take, both sides together. */
const INSTRUCTIONS_PER_MESSAGE = 400;
const INSTRUCTIONS_PER_BYTE = 0.7;
const INSTRUCTIONS_PER_GRANT = 60_000;
const INSTRUCTIONS_PER_TURN = 150_000;
const WINDOW_TIMEOUT_S = 120;

/** Messages of the shorter window: so many that start and end hardly matter. */
export function messagesOf(request: XenCellRequest): number {
  const { parameters, scenario } = request;
  if (parameters.messages !== undefined) return parameters.messages;
  if (scenario === 'ping-pong') return 2 * ROUND_TRIPS;
  if (scenario === 'bare-grants') return TRANSFERS;
  if (scenario === 'http-transfer') return requestsOf(parameters);
  const perTurn = messagesInFlight(request);
  const perMessage =
    INSTRUCTIONS_PER_MESSAGE +
    parameters.messageSizeBytes * INSTRUCTIONS_PER_BYTE +
    (parameters.grantMode === 'persistent' ? 0 : INSTRUCTIONS_PER_GRANT);
  const turns = Math.floor(WINDOW_INSTRUCTIONS / (perTurn * perMessage + INSTRUCTIONS_PER_TURN));
  const least = request.transport === 'v4v' ? LEAST_RING_TURNS_OF_V4V : LEAST_RING_TURNS;
  return perTurn * Math.min(MOST_RING_TURNS, Math.max(least, turns));
}

/**
 * The windows of one cell: for each phase one of N and one of 2N messages, whose difference is free of what starting and
 * ending cost, and one such pair with xentrace.
 * @param phases how many, 1 to 3
 */
export function windowsOf(
  cell: number,
  request: XenCellRequest,
  phases: number = PHASE_DELAYS_US.length,
): WindowPlan[] {
  const messages = messagesOf(request);
  const later = request.startsLaterUs ?? 0;
  const windows: WindowPlan[] = [];
  for (const [phase, delayUs] of PHASE_DELAYS_US.slice(0, phases).entries()) {
    for (const factor of [1, 2]) {
      windows.push({
        id: `${cell}-p${phase}-${factor}`,
        messages: messages * factor,
        delayUs: delayUs + later,
        traced: false,
      });
    }
  }
  for (const factor of [1, 2]) {
    windows.push({
      id: `${cell}-t-${factor}`,
      messages: messages * factor,
      delayUs: later,
      traced: true,
    });
  }
  return windows;
}

/**
 * Shell commands for dom0 that carry out one window (functions: guest/dom0/testbed.sh).
 * @param connecting the window is the setting up of the connection, not an exchange over it
 */
export function windowCommands(
  request: XenCellRequest,
  window: WindowPlan,
  connecting = false,
): string {
  const { transport, scenario, parameters } = request;
  if (scenario === 'http-transfer') return transferCommands(request, window);
  const path = `/local/domain/$DOM1/data/w${window.id}`;
  const ends = (listener: string, connector: string): string =>
    `run_window ${window.id} ${WINDOW_TIMEOUT_S} ${window.traced ? 'yes' : 'no'} ` +
    `$DOM1 "${listener}" $DOM2 "${connector} delay=${window.delayUs}"`;
  if (scenario === 'bare-grants') {
    const mode = `mode=${parameters.grantMode} count=${window.messages} message=${parameters.messageSizeBytes}`;
    return `${ends(
      `grantor peer=$DOM2 path=${path} pages=${BARE_GRANT_PAGES}`,
      `mapper peer=$DOM1 path=${path} ${mode}`,
    )}\n`;
  }
  const pingPong = scenario === 'ping-pong';
  const [listener, connector] = connecting
    ? ['accept', 'connect']
    : pingPong
      ? ['pong', 'ping']
      : ['receiver', 'sender'];
  const common =
    `transport=${transport} path=${path} name=w${window.id} ring=${parameters.ringSizeBytes} ` +
    `message=${parameters.messageSizeBytes} count=${window.messages / (pingPong ? 2 : 1)} ` +
    `framing=${scenario === 'stream' ? 'stream' : 'message'} grant=${parameters.grantMode}`;
  const run = ends(`${listener} peer=$DOM2 ${common}`, `${connector} peer=$DOM1 ${common}`);
  if (transport !== 'v2v') return `${run}\n`;
  const broker = `interdom-agent broker name=w${window.id} listener=$DOM1 connector=$DOM2`;
  return `${broker}\n${run}\n${broker} remove=1\n`;
}

/** Function: guest/dom0/proxy.sh. */
function transferCommands({ transport, parameters }: XenCellRequest, window: WindowPlan): string {
  const { ringSizeBytes, messageSizeBytes, relay = 'interdom' } = parameters;
  const words = [
    ...[window.id, WINDOW_TIMEOUT_S, window.traced ? 'yes' : 'no', relay, transport],
    ...[ringSizeBytes, messageSizeBytes, window.messages, window.delayUs],
  ];
  return `http_window ${words.join(' ')}\n`;
}

/** Turns of an empty loop (of three instructions) in the window that shows what time alone costs. */
const CALIBRATION_TURNS = 30_000_000;
export const CALIBRATION_ID = 'time';

/** A window in which the connecting guest computes and nothing is sent. */
export function calibrationCommands(): string {
  return `run_window ${CALIBRATION_ID} ${WINDOW_TIMEOUT_S} no $DOM2 "idle turns=${CALIBRATION_TURNS}"\n`;
}
