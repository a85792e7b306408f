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
  /**
   * Copies into a ring with free-running indexes if the byte at `open` is not 0 and there is room for all: looks at both indexes, of which `own` is the
   * caller's, and copies in two pieces where the bytes reach the ring's end. What is announced later is ordered behind them.
   *
   * @param size of the ring: a power of two
   * @param length at least 1
   * @returns the number of pieces; 0 where there was no room or the indexes make no sense, -1 where the byte was 0
   */
  put(
    open: number,
    own: number,
    peers: number,
    ring: number,
    size: number,
    from: number,
    length: number,
  ): number;
  /** The same the other way, whatever the peer has done: copies out of the ring if all are there. */
  take(own: number, peers: number, ring: number, size: number, to: number, length: number): number;
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

/** Types of functions, by index: of copy, of spin, one to one, two to none, two to one, four to one, seven and six to one. */
const I32 = 0x7f;
const TYPES = [
  [0x60, 3, I32, I32, I32, 0],
  [0x60, 1, I32, 0],
  [0x60, 1, I32, 1, I32],
  [0x60, 2, I32, I32, 0],
  [0x60, 2, I32, I32, 1, I32],
  [0x60, 4, I32, I32, I32, I32, 1, I32],
  [0x60, 7, I32, I32, I32, I32, I32, I32, I32, 1, I32],
  [0x60, 6, I32, I32, I32, I32, I32, I32, 1, I32],
];
const ONE = [0x20, 0];
const BOTH = [0x20, 0, 0x20, 1];
const COPY = [0xfc, 10, 0, 0];

const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const [ADD, SUB, AND, OR, NOT] = [0x6a, 0x6b, 0x71, 0x72, 0x45];
const [LESS, GREATER, AT_MOST] = [0x49, 0x4b, 0x4d];
const [IF, END, RETURN] = [[0x04, 0x40], 0x0b, 0x0f];
const number = (value: number): number[] => [0x41, value];

/** Code of `put`, or else of `take`: in front of what `take` has, `put` has one parameter more. */
function ringCopy(isPut: boolean): readonly number[] {
  const first = isPut ? 1 : 0;
  const [OWN, PEERS, RING, SIZE, PROGRAM, LENGTH, OFFSET, COUNT] = Array.from(
    { length: 8 },
    (_, index) => first + index,
  ) as [number, number, number, number, number, number, number, number];
  const own = [...get(OWN), 0x28, 2, 0, ...set(OFFSET)];
  const peers = [...get(PEERS), 0xfe, 0x10, 2, 0];
  const ready = [...peers, ...get(OFFSET), SUB];
  const room = [...get(SIZE), ...get(OFFSET), ...peers, SUB, SUB];
  const copy = (ring: number[], program: number[], length: number[]): number[] =>
    isPut ? [...ring, ...program, ...length, ...COPY] : [...program, ...ring, ...length, ...COPY];
  const atOffset = [...get(RING), ...get(OFFSET), ADD];
  const isOpen = [...get(0), 0xfe, 0x12, 0, 0, NOT, ...IF, ...number(-1 & 0x7f), RETURN, END];
  return [
    ...(isPut ? isOpen : []),
    ...[...own, ...(isPut ? room : ready), ...set(COUNT)],
    // As src/ring has it: more than the ring's size is no number of bytes.
    ...[...get(COUNT), ...get(SIZE), GREATER, ...get(COUNT), ...get(LENGTH), LESS, OR],
    ...[...IF, ...number(0), RETURN, END],
    ...[...get(OFFSET), ...get(SIZE), ...number(1), SUB, AND, ...set(OFFSET)],
    ...[...get(OFFSET), ...get(LENGTH), ADD, ...get(SIZE), AT_MOST],
    ...[...IF, ...copy(atOffset, get(PROGRAM), get(LENGTH)), ...number(1), RETURN, END],
    // `count` is the first piece from here on.
    ...[...get(SIZE), ...get(OFFSET), SUB, ...set(COUNT)],
    ...copy(atOffset, get(PROGRAM), get(COUNT)),
    ...copy(get(RING), [...get(PROGRAM), ...get(COUNT), ADD], [...get(LENGTH), ...get(COUNT), SUB]),
    ...[...number(2), END],
  ];
}

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
  ['put', 6, ringCopy(true)],
  ['take', 7, ringCopy(false)],
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
