import { UserError } from '../base/errors.js';
import type { Cell } from '../results/types.js';
import type { PlannedCell } from './request.js';

/** What a worker is told and what it answers. It first says that it is ready, then answers cell by cell. */
export type ToWorker = { readonly planned: PlannedCell };
export type FromWorker =
  | { readonly ready: true }
  | { readonly cell: Cell }
  | { readonly fault: UserFault }
  | { readonly crash: { readonly message: string; readonly stack: string | undefined } };

/** A UserError on its way between threads: classes do not survive the crossing. */
export interface UserFault {
  readonly message: string;
  readonly where: string | undefined;
  readonly remedy: string | undefined;
}

/** The part of a worker's port that is used here. */
export interface Port {
  postMessage(message: FromWorker): void;
  on(event: 'message', listener: (message: ToWorker) => void): unknown;
}

/** Serves a worker thread's port with cells until the thread is ended. */
export function serveCells(port: Port, carryOut: (planned: PlannedCell) => Promise<Cell>): void {
  port.on('message', ({ planned }) => {
    carryOut(planned).then(
      (cell) => port.postMessage({ cell }),
      (error: unknown) => port.postMessage(failure(error)),
    );
  });
  port.postMessage({ ready: true });
}

function failure(error: unknown): FromWorker {
  if (error instanceof UserError) {
    return { fault: { message: error.message, where: error.where, remedy: error.remedy } };
  }
  if (error instanceof Error) {
    return { crash: { message: `${error.name}: ${error.message}`, stack: error.stack } };
  }
  return { crash: { message: String(error), stack: undefined } };
}

/** The UserError that the worker met. */
export function userErrorOf(fault: UserFault): UserError {
  return new UserError(fault.message, {
    ...(fault.where === undefined ? {} : { where: fault.where }),
    ...(fault.remedy === undefined ? {} : { remedy: fault.remedy }),
  });
}
