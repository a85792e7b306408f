export const zeroRequests = () => ({
  read: 0,
  write: 0,
  mkdir: 0,
  rm: 0,
  directory: 0,
  directoryPart: 0,
  getPermissions: 0,
  setPermissions: 0,
  watch: 0,
  unwatch: 0,
  resetWatches: 0,
  transactionStart: 0,
  transactionEnd: 0,
  introduce: 0,
  release: 0,
});
type RequestCounts = ReturnType<typeof zeroRequests>;
export type XenstoreRequest = keyof RequestCounts;

/**
 * Requests by kind, failed ones included; how many failed, and by conflict; watch events by fate.
 */
export interface XenstoreCounters extends Readonly<RequestCounts> {
  readonly errors: number;
  readonly conflicts: number;
  readonly eventsQueued: number;
  readonly eventsMerged: number;
  readonly eventsDropped: number;
}
