/** The errors of a socket that a program knows from TCP. */
export type SocketErrorCode =
  | 'ECONNREFUSED'
  | 'ECONNRESET'
  | 'EPIPE'
  | 'ETIMEDOUT'
  | 'EADDRINUSE'
  | 'ENOBUFS'
  | 'ENETDOWN';

/** An error as Node's `net` has it: with a code, and the system call to which it belongs. */
export class SocketError extends Error {
  override readonly name = 'SocketError';

  constructor(
    readonly code: SocketErrorCode,
    readonly syscall: 'connect' | 'read' | 'write' | 'listen',
    detail: string,
  ) {
    super(`${syscall} ${code}: ${detail}`);
  }
}

/** Linux's numbers for codes, as a program that is interposed gets them. */
const NUMBERS: Readonly<Record<string, number>> = {
  EPERM: 1,
  ENOENT: 2,
  EACCES: 13,
  EMFILE: 24,
  EPIPE: 32,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETDOWN: 100,
  ENETUNREACH: 101,
  ECONNRESET: 104,
  ENOBUFS: 105,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  EHOSTUNREACH: 113,
};

/** The number of an error; that of ECONNREFUSED for what has none. */
export function errorNumber(error: unknown): number {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return NUMBERS[code] ?? (NUMBERS['ECONNREFUSED'] as number);
}

/** The code of a number. */
export function errorCode(number: number): string {
  const found = Object.entries(NUMBERS).find(([, one]) => one === number);
  return found?.[0] ?? `errno ${number}`;
}
