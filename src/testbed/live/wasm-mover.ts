import { body, leb, name, section } from './wasm-encoding.js';

declare global {
  /** What is used of it: Node's types leave it out. */
  namespace WebAssembly {
    class Memory {
      constructor(size: { initial: number; maximum: number; shared: true });
      readonly buffer: SharedArrayBuffer;
    }
    class Module {
      constructor(bytes: Uint8Array<ArrayBuffer>);
    }
    class Instance {
      constructor(module: Module, imports: Readonly<Record<string, Record<string, Memory>>>);
      readonly exports: Readonly<Record<string, unknown>>;
    }
  }
}

/** Pages of a WebAssembly memory are of this size. */
export const WASM_PAGE_BYTES = 65_536;

/** What the module exports: memcpy inside the memory that it was given, and a loop that does nothing. */
export interface Mover {
  copy(to: number, from: number, length: number): void;
  /** Counts down from `turns` (at least 1): a delay that no clock interrupts. */
  spin(turns: number): void;
}

/**
 * A module of two functions over a shared memory. `memory.copy` is the one way in which JavaScript reaches the speed of
 * memcpy inside shared memory: TypedArray.set between shared buffers is several times slower.
 */
export function createMover(memory: WebAssembly.Memory): Mover {
  const pages = memory.buffer.byteLength / WASM_PAGE_BYTES;
  const module = new WebAssembly.Module(moduleBytes(pages));
  return new WebAssembly.Instance(module, { m: { m: memory } }).exports as unknown as Mover;
}

/** Memory that several threads share: so many bytes, rounded up to pages of WebAssembly. */
export function createSharedMemory(bytes: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / WASM_PAGE_BYTES);
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

function moduleBytes(pages: number): Uint8Array<ArrayBuffer> {
  const i32 = 0x7f;
  const size = leb(pages);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    // (i32, i32, i32) -> () and (i32) -> ()
    ...section(1, [2, 0x60, 3, i32, i32, i32, 0, 0x60, 1, i32, 0]),
    // A shared memory with as many pages as it can have.
    ...section(2, [1, ...name('m'), ...name('m'), 2, 3, ...size, ...size]),
    ...section(3, [2, 0, 1]),
    ...section(7, [2, ...name('copy'), 0, 0, ...name('spin'), 0, 1]),
    ...section(10, [
      2,
      // local.get 0, 1, 2; memory.copy; end
      ...body([0x20, 0, 0x20, 1, 0x20, 2, 0xfc, 10, 0, 0, 0x0b]),
      // loop: local.get 0; i32.const 1; i32.sub; local.tee 0; br_if 0; end; end
      ...body([0x03, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x0b]),
    ]),
  ]);
}
