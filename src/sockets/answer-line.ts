import type { Duplex } from 'node:stream';

const NEWLINE = 0x0a;
/** Longest line that is accepted. */
const MOST_BYTES = 512;

/**
 * The first line of a stream, without its end. What follows stays to be read. Rejects where the stream ends or fails before.
 */
export function firstLine(stream: Duplex): Promise<string> {
  return new Promise((resolve, reject) => {
    const bytes: number[] = [];
    const settle = (finish: () => void): void => {
      stream.off('readable', look);
      stream.off('end', ended);
      stream.off('error', failed);
      stream.off('close', ended);
      finish();
    };
    const ended = (): void => settle(() => reject(new Error('it ended before its first line')));
    const failed = (error: Error): void => settle(() => reject(error));
    const look = (): void => {
      for (;;) {
        const byte = stream.read(1) as Buffer | null;
        if (byte === null) return;
        if (byte[0] === NEWLINE) {
          settle(() => resolve(Buffer.from(bytes).toString('latin1')));
          return;
        }
        bytes.push(byte[0] as number);
        if (bytes.length > MOST_BYTES) {
          settle(() => reject(new Error('its first line is too long')));
          return;
        }
      }
    };
    stream.on('readable', look);
    stream.on('end', ended);
    stream.on('error', failed);
    stream.on('close', ended);
    look();
  });
}
