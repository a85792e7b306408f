import { BLOCKED, type Process } from '../sim/process.js';
import type { Task } from '../xen/task.js';
import type { XenstoreError } from '../xen/xenstore/protocol.js';
import type { Guest } from './guest.js';

/**
 * Watches a node of xenstore, and looks there at each event until it finds what it looks for. The watch fires once at
 * once, so what is there already is found too.
 *
 * @param path the node, or its parent; names the watch: a domain watches the same path once at a time
 * @param look reads what it wants; undefined where it is not (all) there yet
 * @param reason what is waited for, in words
 * @returns what was found, or why xenstore refused the watch (E2BIG: too many watches)
 */
export function* watchUntil<T>(
  guest: Guest,
  path: string,
  look: () => Process<T | undefined>,
  reason: string,
): Process<{ readonly found: T } | { readonly refused: XenstoreError }> {
  const { vcpu, xenstore } = guest;
  // A token of its own: other processes of this domain may be waiting, too.
  const token = `until ${path}`;
  let events = 0;
  let waiter: Task | undefined;
  xenstore.handleWatch(token, () => {
    events++;
    waiter?.wake();
  });
  const watched = yield* xenstore.watch(path, token);
  if (!watched.ok) {
    xenstore.handleWatch(token, undefined);
    return { refused: watched.error };
  }
  let found: T | undefined;
  while (found === undefined) {
    vcpu.kernel.enterSystemCall();
    while (events === 0) {
      waiter = vcpu.currentTask as Task;
      waiter.block(reason);
      yield BLOCKED;
    }
    waiter = undefined;
    events--;
    vcpu.kernel.leaveSystemCall();
    found = yield* look();
  }
  yield* xenstore.unwatch(path, token);
  xenstore.handleWatch(token, undefined);
  return { found };
}
