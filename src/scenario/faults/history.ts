/** What the guests' programs saw, in the order in which they saw it. Judged after the run (checkers/). */
export interface HistoryEvent {
  readonly timePs: number;
  /** Name of the end: "server", "client 2". */
  readonly who: string;
  readonly what: HistoryWhat;
  /** The one direction of one connection to which it belongs: "1 client>server". Empty where it is no message. */
  readonly flow: string;
  /** Number of the message in its flow, from 0; -1 where it is none. */
  readonly index: number;
}

/**
 * - `sent`: the transport took the message, which is all that a sender is ever told.
 * - `corrupt`: bytes came that nobody sent.
 * - `told`: a call said that the peer is gone.
 */
export type HistoryWhat =
  | 'connected'
  | 'refused'
  | 'sent'
  | 'received'
  | 'corrupt'
  | 'told'
  | 'closed'
  | 'gave-up';

export class History {
  readonly events: HistoryEvent[] = [];

  add(timePs: number, who: string, what: HistoryWhat, flow = '', index = -1): void {
    this.events.push({ timePs, who, what, flow, index });
  }

  /** Numbers of the messages of a flow that were sent (or received), in that order. */
  indexes(flow: string, what: 'sent' | 'received'): number[] {
    return this.events
      .filter((event) => event.flow === flow && event.what === what)
      .map((event) => event.index);
  }

  flows(): string[] {
    return [...new Set(this.events.map((event) => event.flow))].filter((flow) => flow !== '');
  }

  /** First moment at which something was seen, from a moment on. */
  firstAfter(fromPs: number, what: HistoryWhat, flow?: string): number | undefined {
    return this.events.find(
      (event) =>
        event.timePs >= fromPs &&
        event.what === what &&
        (flow === undefined || event.flow === flow),
    )?.timePs;
  }

  count(what: HistoryWhat): number {
    return this.events.reduce((sum, event) => sum + (event.what === what ? 1 : 0), 0);
  }
}
