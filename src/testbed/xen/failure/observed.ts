import type { ConsoleMessage } from '../machine/console.js';

/** How an end of a connection is: what its board says (guest/agent/party.c). `gone`: its program or domain is no more. */
export interface EndState {
  readonly state: string;
  readonly sent: number;
  readonly received: number;
  readonly wrong: number;
  readonly told: boolean;
  readonly reason: string;
}

/** How a domain is, as Xen says (guest/agent/domains.c). */
export interface DomainState {
  readonly domid: number;
  readonly state: string;
  readonly pages: number;
  readonly ports: number;
}

/** What dom0 saw at one moment. Of domains, the first is the one that was made first. */
export interface Moment {
  readonly ends: ReadonlyMap<string, EndState>;
  readonly domains: readonly DomainState[];
}

/** What dom0 saw during one cell. */
export interface Observed {
  readonly moments: ReadonlyMap<string, Moment>;
  /** Most event channels in use at one time, by domain. */
  readonly mostPorts: ReadonlyMap<number, number>;
  /** Answers of the two sides of many connections. */
  readonly crowd: readonly string[];
  /** What did not go as it was to: the cell is worth nothing. */
  readonly faults: readonly string[];
  readonly ended: boolean;
}

/** Reads the lines of one cell. */
export function readObserved(messages: readonly ConsoleMessage[], id: string): Observed {
  const moments = new Map<string, { ends: Map<string, EndState>; domains: DomainState[] }>();
  const mostPorts = new Map<number, number>();
  const crowd: string[] = [];
  const faults: string[] = [];
  let ended = false;
  for (const message of messages) {
    if (message.kind === 'damaged') faults.push(`a line was damaged: ${message.text}`);
    if (message.kind === 'end' && message.window === id) ended = true;
    if (message.kind !== 'line' || message.window !== id) continue;
    if (message.topic === 'fault') faults.push(message.text);
    if (message.topic !== 'observed') continue;
    const [label = '', kind, ...rest] = message.text.split(' ');
    const moment = moments.get(label) ?? {
      ends: new Map<string, EndState>(),
      domains: [] as DomainState[],
    };
    moments.set(label, moment);
    if (kind === 'party') {
      const end = readEnd(rest.slice(1).join(' '));
      if (end === undefined) faults.push(`what is not an end: ${message.text}`);
      else moment.ends.set(rest[0] ?? '', end);
    } else if (kind === 'domain') {
      const domain = readDomain(rest.join(' '));
      if (domain === undefined) faults.push(`what is not a domain: ${message.text}`);
      else {
        moment.domains.push(domain);
        mostPorts.set(domain.domid, Math.max(mostPorts.get(domain.domid) ?? 0, domain.ports));
      }
    } else if (kind === 'crowd') crowd.push(rest.join(' '));
    else faults.push(`what cannot be read: ${message.text}`);
  }
  return { moments, mostPorts, crowd, faults, ended };
}

const GONE: EndState = {
  state: 'gone',
  sent: 0,
  received: 0,
  wrong: 0,
  told: false,
  reason: '',
};

function readEnd(text: string): EndState | undefined {
  if (text === 'gone') return GONE;
  const match = /^state=(\w+) sent=(\d+) received=(\d+) wrong=(\d+) told=([01]) reason=(.*)$/.exec(
    text,
  );
  if (match === null) return undefined;
  const [, state = '', sent, received, wrong, told, reason = ''] = match;
  return {
    state,
    sent: Number(sent),
    received: Number(received),
    wrong: Number(wrong),
    told: told === '1',
    reason,
  };
}

function readDomain(text: string): DomainState | undefined {
  const match = /^(\d+) (\w+) pages=(\d+) ports=(\d+)$/.exec(text);
  if (match === null) return undefined;
  const [, domid, state = '', pages, ports] = match;
  return { domid: Number(domid), state, pages: Number(pages), ports: Number(ports) };
}
