import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

const PAUSE_MS = 40;
const CHUNK_BYTES = 65_536;

/**
 * Reads a file that another process appends to, as it grows.
 *
 * The emulator writes its console to a file rather than to a pipe: where a pipe is full it tries again later, by the
 * host's time, and then two runs of the same instructions differ. (What Node calls a pipe is a socket, which is full
 * after some three hundred writes of the single bytes that a serial line has.)
 */
export class FileTail {
  private readonly decoder = new StringDecoder('latin1');
  private readonly file: number;
  private readonly timer: NodeJS.Timeout;
  private isStopped = false;
  private readonly chunk = Buffer.alloc(CHUNK_BYTES);

  /** @param path of a file that exists */
  constructor(
    path: string,
    private readonly onText: (text: string) => void,
  ) {
    this.file = openSync(path, 'r');
    this.timer = setInterval(() => this.read(), PAUSE_MS);
  }

  /** Hands on what is left and ends. May be called twice. */
  stop(): void {
    if (this.isStopped) return;
    this.read();
    this.isStopped = true;
    clearInterval(this.timer);
    closeSync(this.file);
  }

  /** Hands on what has come since. */
  read(): void {
    while (!this.isStopped) {
      const bytes = readSync(this.file, this.chunk, 0, CHUNK_BYTES, null);
      if (bytes === 0) return;
      this.onText(this.decoder.write(this.chunk.subarray(0, bytes)));
    }
  }
}
