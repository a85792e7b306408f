/**
 * What is laid over the bytes of a channel, because no transport can close one direction alone: a stream of frames, each
 * with four bytes in front: kind in the highest byte, length of what follows in the others (little endian).
 *
 * | kind | means |
 * | --- | --- |
 * | 1 | data |
 * | 2 | end: nothing follows in this direction (FIN) |
 *
 * A connection that goes away without an end frame was reset.
 */
export const HEADER_BYTES = 4;
const DATA = 1;
const END = 2;
/** Most bytes of one frame. */
export const LARGEST_FRAME = 0xffffff;

export function dataHeader(bytes: number): Buffer {
  return header(DATA, bytes);
}

export function endHeader(): Buffer {
  return header(END, 0);
}

function header(kind: number, bytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES);
  buffer.writeUInt32LE(((kind << 24) | bytes) >>> 0);
  return buffer;
}

/** Somebody who takes what comes. */
export interface FrameSink {
  data(bytes: Buffer): void;
  end(): void;
}

/** Takes frames apart, wherever the bytes are cut. */
export class FrameReader {
  private readonly head = Buffer.alloc(HEADER_BYTES);
  private headBytes = 0;
  /** Bytes of the data frame that are still to come. */
  private left = 0;

  /** @param bytes are given to the sink as they are, in parts */
  take(bytes: Buffer, sink: FrameSink): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.left > 0) {
        const end = Math.min(bytes.length, at + this.left);
        this.left -= end - at;
        sink.data(bytes.subarray(at, end));
        at = end;
        continue;
      }
      this.head[this.headBytes++] = bytes[at++] as number;
      if (this.headBytes === HEADER_BYTES) this.begin(sink);
    }
  }

  private begin(sink: FrameSink): void {
    this.headBytes = 0;
    const head = this.head.readUInt32LE();
    const kind = head >>> 24;
    if (kind === DATA) this.left = head & LARGEST_FRAME;
    else if (kind === END) sink.end();
    else throw new Error(`a frame of kind ${kind}: the peer does not speak this protocol`);
  }
}
