import { body, leb, name, section } from '../wasm-encoding.js';
import { WASM_PAGE_BYTES } from '../wasm-mover.js';

/** Ways to copy: memory.copy, and loops of 64 and of 128 bits at a time. */
export const COPY_WIDTHS = ['copy', 'loop64', 'loop128'] as const;
export type CopyWidth = (typeof COPY_WIDTHS)[number];

/** Lengths are multiples of 16 for the loops. */
export type Copiers = Readonly<
  Record<CopyWidth, (to: number, from: number, length: number) => void>
>;

export function createCopiers(memory: WebAssembly.Memory): Copiers {
  const pages = memory.buffer.byteLength / WASM_PAGE_BYTES;
  const module = new WebAssembly.Module(moduleBytes(pages));
  return new WebAssembly.Instance(module, { m: { m: memory } }).exports as unknown as Copiers;
}

const I32 = 0x7f;

function moduleBytes(pages: number): Uint8Array<ArrayBuffer> {
  const size = leb(pages);
  const codes = [
    // local.get 0, 1, 2; memory.copy; end
    [0x20, 0, 0x20, 1, 0x20, 2, 0xfc, 10, 0, 0, 0x0b],
    loop([0x29, 3, 0], [0x37, 3, 0], 8),
    loop([0xfd, 0x00, 4, 0], [0xfd, 0x0b, 4, 0], 16),
  ];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 3, I32, I32, I32, 0]),
    ...section(2, [1, ...name('m'), ...name('m'), 2, 3, ...size, ...size]),
    ...section(3, [codes.length, ...codes.map(() => 0)]),
    ...section(7, [codes.length, ...COPY_WIDTHS.flatMap((way, i) => [...name(way), 0, i])]),
    ...section(10, [codes.length, ...codes.flatMap(body)]),
  ]);
}

/** loop: to[] = from[]; to += width; from += width; length -= width; again while it is not 0. */
function loop(load: readonly number[], store: readonly number[], width: number): number[] {
  const step = (local: number, operation: number): number[] => [
    ...[0x20, local, 0x41, width, operation, 0x21, local],
  ];
  return [
    ...[0x03, 0x40, 0x20, 0, 0x20, 1, ...load, ...store],
    ...step(0, 0x6a),
    ...step(1, 0x6a),
    ...[0x20, 2, 0x41, width, 0x6b, 0x22, 2, 0x0d, 0, 0x0b, 0x0b],
  ];
}
