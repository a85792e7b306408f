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

/**
 * What the module exports. Addresses are bytes of the memory that it was given. The atomic operations are those of
 * Atomics, sequentially consistent; called from compiled code they take a third of the time.
 */
export interface Mover {
  /** memcpy. */
  copy(to: number, from: number, length: number): void;
  /** Counts down from `turns` (at least 1): a delay that no clock interrupts. */
  spin(turns: number): void;
  load32(at: number): number;
  store32(at: number, value: number): void;
  load8(at: number): number;
  /** Set bits of a byte, and clear them (a byte that has none of them is only read). Return what was there. */
  set8(at: number, bits: number): number;
  clear8(at: number, bits: number): number;
  /** Adds to a word that only the caller writes, and then clears bits of a byte. Returns which of them were set. */
  announce(word: number, by: number, byte: number, bits: number): number;
}

/**
 * A module over a shared memory. `memory.copy` is the one way in which JavaScript reaches the speed of memcpy inside shared
 * memory: TypedArray.set between shared buffers is several times slower.
 */
export function createMover(memory: WebAssembly.Memory): Mover {
  const pages = memory.buffer.byteLength / WASM_PAGE_BYTES;
  const module = new WebAssembly.Module(moduleBytes(pages));
  const { exports } = new WebAssembly.Instance(module, { m: { m: memory } });
  return { ...exports } as unknown as Mover;
}

/** Memory that several threads share: so many bytes, rounded up to pages of WebAssembly. */
export function createSharedMemory(bytes: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / WASM_PAGE_BYTES);
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

/** Types of functions, by index: (copy), (spin, and anything that gives nothing), one to one, two to none, two to one, four to one. */
const I32 = 0x7f;
const TYPES = [
  [0x60, 3, I32, I32, I32, 0],
  [0x60, 1, I32, 0],
  [0x60, 1, I32, 1, I32],
  [0x60, 2, I32, I32, 0],
  [0x60, 2, I32, I32, 1, I32],
  [0x60, 4, I32, I32, I32, I32, 1, I32],
];
const ONE = [0x20, 0];
const BOTH = [0x20, 0, 0x20, 1];

/** Name, type and code of each function. */
const FUNCTIONS: readonly [name: keyof Mover, type: number, code: readonly number[]][] = [
  // local.get 0, 1, 2; memory.copy; end
  ['copy', 0, [...BOTH, 0x20, 2, 0xfc, 10, 0, 0, 0x0b]],
  // loop: local.get 0; i32.const 1; i32.sub; local.tee 0; br_if 0; end; end
  ['spin', 1, [0x03, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x0b]],
  // i32.atomic.load, i32.atomic.store, i32.atomic.load8_u, i32.atomic.rmw8.or_u
  ['load32', 2, [...ONE, 0xfe, 0x10, 2, 0, 0x0b]],
  ['store32', 3, [...BOTH, 0xfe, 0x17, 2, 0, 0x0b]],
  ['load8', 2, [...ONE, 0xfe, 0x12, 0, 0, 0x0b]],
  ['set8', 4, [...BOTH, 0xfe, 0x35, 0, 0, 0x0b]],
  // local.get 0; local.get 0; i32.load; local.get 1; i32.add; i32.atomic.store;
  // local.get 2; local.get 3; i32.const -1; i32.xor; i32.atomic.rmw8.and_u; local.get 3; i32.and
  [
    'announce',
    5,
    [
      ...[0x20, 0, 0x20, 0, 0x28, 2, 0, 0x20, 1, 0x6a, 0xfe, 0x17, 2, 0],
      ...[0x20, 2, 0x20, 3, 0x41, 0x7f, 0x73, 0xfe, 0x2e, 0, 0, 0x20, 3, 0x71, 0x0b],
    ],
  ],
  // local.get 0; i32.atomic.load8_u; local.tee 2; local.get 1; i32.and; i32.eqz; if; local.get 2; return; end;
  // local.get 0; local.get 1; i32.const -1; i32.xor; i32.atomic.rmw8.and_u
  [
    'clear8',
    4,
    [
      ...[...ONE, 0xfe, 0x12, 0, 0, 0x22, 2, 0x20, 1, 0x71, 0x45, 0x04, 0x40, 0x20, 2, 0x0f, 0x0b],
      ...[...BOTH, 0x41, 0x7f, 0x73, 0xfe, 0x2e, 0, 0, 0x0b],
    ],
  ],
];

function moduleBytes(pages: number): Uint8Array<ArrayBuffer> {
  const size = leb(pages);
  const count = FUNCTIONS.length;
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [TYPES.length, ...TYPES.flat()]),
    // A shared memory with as many pages as it can have.
    ...section(2, [1, ...name('m'), ...name('m'), 2, 3, ...size, ...size]),
    ...section(3, [count, ...FUNCTIONS.map(([, type]) => type)]),
    ...section(7, [count, ...FUNCTIONS.flatMap(([exported], i) => [...name(exported), 0, i])]),
    ...section(10, [count, ...FUNCTIONS.flatMap(([, , code]) => body(code))]),
  ]);
}
