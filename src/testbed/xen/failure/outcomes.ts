import type { MetricValue, ParameterValue } from '../../../results/types.js';
import { type Finding, worstFinding } from '../../../scenario/faults/outcome.js';
import type { FailureRequest } from './failure-request.js';
import type { DomainState, EndState, Moment, Observed } from './observed.js';

/** What a cell came to, in the words and fields of the model's cells; or why nothing can be said. */
export type FailureOutcome =
  | {
      readonly outcome: Readonly<Record<string, ParameterValue>>;
      readonly metrics: Readonly<Record<string, MetricValue>>;
    }
  | { readonly fault: string };

/** Something that should have been seen was not. */
class Unseen extends Error {}

/** Judges what dom0 saw. What was not observed is not in the outcome. */
export function outcomeOf(request: FailureRequest, observed: Observed): FailureOutcome {
  if (observed.faults[0] !== undefined) return { fault: observed.faults.join('; ') };
  if (!observed.ended) return { fault: 'dom0 did not come to the end of it' };
  try {
    const {
      findings,
      outcome,
      metrics = {},
    } = JUDGES[request.scenario](request, new Views(observed));
    return { outcome: { finding: worstFinding(findings), ...outcome }, metrics };
  } catch (error) {
    if (error instanceof Unseen) return { fault: error.message };
    throw error;
  }
}

interface Judged {
  readonly findings: readonly Finding[];
  readonly outcome: Readonly<Record<string, ParameterValue>>;
  readonly metrics?: Readonly<Record<string, MetricValue>>;
}

const JUDGES: Readonly<
  Record<FailureRequest['scenario'], (request: FailureRequest, views: Views) => Judged>
> = {
  'broker-outage': brokerOutage,
  'symmetric-crash': symmetricCrash,
  'destroy-order': destroyOrder,
  'channel-depletion': channelDepletion,
};

/** What was observed, asked for by name. */
class Views {
  constructor(readonly observed: Observed) {}

  at(label: string): Moment {
    const moment = this.observed.moments.get(label);
    if (moment === undefined) throw new Unseen(`nothing was observed at "${label}"`);
    return moment;
  }

  end(label: string, name: string): EndState {
    const end = this.at(label).ends.get(name);
    if (end === undefined) throw new Unseen(`${name} was not looked at, at "${label}"`);
    if (end.wrong > 0) throw new Unseen(`${name} received ${end.wrong} wrong messages`);
    return end;
  }

  /** @param place 0: of the domain that was made first */
  domain(label: string, place: 0 | 1): DomainState {
    const domain = this.at(label).domains[place];
    if (domain === undefined) throw new Unseen(`domain ${place} was not looked at, at "${label}"`);
    return domain;
  }

  zombies(label: string): readonly DomainState[] {
    return this.at(label).domains.filter(({ state }) => state === 'zombie');
  }

  hasZombie(label: string): boolean {
    return this.zombies(label).length > 0;
  }
}

const hears = ({ state, received }: EndState): boolean => state === 'talking' && received > 0;

function brokerOutage({ parameters }: FailureRequest, views: Views): Judged {
  const { when, downMs } = parameters.settings;
  const findings: Finding[] = [];
  const before = views.end('before', 'client2');
  if ((when === 'after') !== hears(before)) {
    throw new Unseen(`the second connection was ${before.state} when the service died`);
  }
  const down = views.end('down', 'client2');
  const withoutIt = hears(down);
  if (!withoutIt) findings.push('stalled');
  const isRepaired = Number(downMs) > 0;
  const last = isRepaired ? 'repaired' : 'down';
  const goesOn = views.end('end', 'client1').received > views.end(last, 'client1').received;
  findings.push(goesOn ? 'delivered' : 'stalled');
  const inTheEnd = views.end('end', 'client2');
  return {
    findings,
    outcome: {
      newConnection:
        when === 'after'
          ? 'made before'
          : withoutIt
            ? 'made'
            : down.state === 'failed'
              ? 'refused'
              : 'waits',
      ...(isRepaired
        ? { afterRepair: hears(views.end('repaired', 'client2')) ? 'made' : 'not made' }
        : {}),
      existingConnection: goesOn ? 'goes on' : 'stands still',
      ...(inTheEnd.state === 'failed' ? { reason: inTheEnd.reason } : {}),
    },
  };
}

function symmetricCrash({ parameters }: FailureRequest, views: Views): Judged {
  const both = parameters.settings['dies'] === 'both';
  for (const end of ['server1', 'client1', 'server2', 'client2']) {
    if (!hears(views.end('before', end))) throw new Unseen(`${end} did not talk before the crash`);
  }
  const told = ['client1', 'server2'].filter((end) => views.end('crashed', end).told).length;
  const zombieLeft = views.hasZombie('crashed');
  const findings: Finding[] = [zombieLeft ? 'zombie' : 'delivered'];
  if (!both && told < 2) findings.push('peer untold');
  return {
    findings,
    outcome: {
      endsTold: both ? 'none is left' : `${told} of 2`,
      zombieLeft,
      zombieAfterClose: views.hasZombie(both ? 'end' : 'closed'),
      otherCanBeDestroyed: views.domain('end', 1).state === 'gone',
      zombieAtTheEnd: views.hasZombie('end'),
    },
    metrics: framesStuck(views.zombies('crashed')),
  };
}

function destroyOrder({ parameters }: FailureRequest, views: Views): Judged {
  const { order } = parameters.settings;
  if (!hears(views.end('before', 'client1'))) throw new Unseen('the two never talked');
  const client = views.domain('destroyed', 1);
  const expected = CLIENT_STATES[String(order)];
  if (client.state !== expected) {
    throw new Unseen(`the client's domain was ${client.state}, not ${expected}`);
  }
  const zombieLeft = views.hasZombie('destroyed');
  const clientTold = views.end('destroyed', 'client1').told;
  const findings: Finding[] = [zombieLeft ? 'zombie' : 'delivered'];
  if (client.state === 'running' && !clientTold) findings.push('peer untold');
  return {
    findings,
    outcome: { zombieLeft, clientTold, goneWithTheClient: !views.hasZombie('end') },
    metrics: framesStuck(views.zombies('destroyed')),
  };
}

/** How the client's domain is while it is watched what stays of the server's. */
const CLIENT_STATES: Readonly<Record<string, string>> = {
  'server-first': 'running',
  'client-first': 'gone',
  'client-hung': 'paused',
  'client-crashed': 'crashed',
};

/** Only where a zombie was there to be looked at: one that lasts a moment is not seen from dom0. */
function framesStuck(zombies: readonly DomainState[]): Judged['metrics'] & object {
  if (zombies.length === 0) return {};
  return {
    framesStuck: exact(
      zombies.reduce((sum, { pages }) => sum + pages, 0),
      'lower',
    ),
  };
}

interface Side {
  readonly connections: number;
  readonly goesOn: boolean;
  readonly again: number;
  readonly scarce: string;
  readonly reason: string;
}

function channelDepletion({ transport }: FailureRequest, views: Views): Judged {
  const [server, client] = [0, 1].map((place) => {
    const { domid } = views.domain('before', place as 0 | 1);
    return readSide(views.observed.crowd, domid);
  }) as [Side, Side];
  const { connections } = server;
  if (connections !== client.connections) {
    throw new Unseen(`the server has ${connections} connections, the client ${client.connections}`);
  }
  const stopped = [server, client].find(
    ({ scarce, reason }) => isLimit(scarce) || isRingLimit(transport, reason),
  );
  const goesOn = server.goesOn && client.goesOn;
  const wasStopped = server.again >= 0;
  const recovers = server.again === 1 && client.again === 1;
  const findings: Finding[] = [goesOn ? 'delivered' : 'stalled'];
  if (wasStopped && !recovers) findings.push('leaked');
  const before = views.domain('before', 0);
  const ports = (views.observed.mostPorts.get(before.domid) ?? 0) - before.ports;
  return {
    findings,
    outcome: {
      stoppedBy: !wasStopped
        ? 'nothing'
        : stopped === undefined
          ? 'a failure'
          : isLimit(stopped.scarce)
            ? stopped.scarce
            : 'rings a domain',
      ...(wasStopped ? { reason: (stopped ?? server).reason } : {}),
      existingConnections: goesOn ? 'go on' : 'stand still',
      ...(wasStopped ? { closingSomeLetsOthersIn: recovers } : {}),
    },
    metrics: {
      connections: exact(connections, 'higher'),
      ...(connections === 0
        ? {}
        : { eventChannelsPerConnection: exact(ports / connections, 'lower') }),
      eventChannelsBefore: exact(before.ports, 'none'),
    },
  };
}

const isLimit = (scarce: string): boolean => scarce !== 'nothing' && scarce !== 'unknown';
/** Rings are nothing that can be tried for by itself: Argo's own refusal is believed. */
const isRingLimit = (transport: string, reason: string): boolean =>
  transport === 'v4v' && /cannot be registered: No space left/.test(reason);

function readSide(crowd: readonly string[], domid: number): Side {
  const line = crowd.find((one) => one.startsWith(`${domid} `)) ?? '';
  const match = /^\d+ ok connections=(\d+) goes_on=([01]) again=(-?\d+) scarce=([^;]*); (.*)$/.exec(
    line,
  );
  if (match === null) throw new Unseen(`domain ${domid} says: ${line === '' ? 'nothing' : line}`);
  const [, connections, goesOn, again, scarce = '', reason = ''] = match;
  return {
    connections: Number(connections),
    goesOn: goesOn === '1',
    again: Number(again),
    scarce,
    reason,
  };
}

function exact(value: number, better: MetricValue['better']): MetricValue {
  return { value, unit: '1', better, assume: 'exact', determinedBy: 'protocol' };
}
