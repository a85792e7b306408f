/**
 * Code that takes virtual time. It yields only when it must let go of its CPU, and what it yields says why:
 *
 * - `ORDER`: somebody else's event is earlier than this CPU's clock. Resumed when that is no longer so.
 * - `BLOCKED`: the process has put itself on somebody's waiting list and sleeps until it is woken.
 * - `CALLED`: another process has been put on top of it (`Task.call`), which runs to its end first.
 */
export type Process<T = void> = Generator<Wait, T, unknown>;

export const ORDER = 0;
export const BLOCKED = 1;
export const CALLED = 2;
export type Wait = typeof ORDER | typeof BLOCKED | typeof CALLED;
