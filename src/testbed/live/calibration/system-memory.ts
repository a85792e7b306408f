/** What is used of the foreign function interface `koffi`, an optional dependency. */
interface Koffi {
  load(path: string): { func(declaration: string): (...given: unknown[]) => unknown };
  proto(declaration: string): unknown;
  encode(at: unknown, offset: number, type: string, values: readonly number[], count: number): void;
  decode(at: unknown, type: unknown): (count: number) => number;
}

const PROT_READ = 1;
const PROT_ALL = 7;
const PROT_READ_WRITE = 3;
const MAP_PRIVATE_ANONYMOUS = 0x22;
const PAGE = 4096;

/**
 * push rbx; mov esi, edi; again: xor eax, eax; xor ecx, ecx; cpuid; dec esi; jnz again; pop rbx; ret.
 * The System V convention of x86-64: the count comes in edi, and rbx is the caller's.
 */
const CPUID_LOOP = [
  0x53, 0x89, 0xfe, 0x31, 0xc0, 0x31, 0xc9, 0x0f, 0xa2, 0xff, 0xce, 0x75, 0xf6, 0x5b, 0xc3,
];

/** Calls into the system that JavaScript has no way to make. */
export interface SystemMemory {
  /** Takes from all threads the right to write some pages; their translations must go everywhere. */
  protect(bytes: Uint8Array): void;
  /** Gives it back: nothing must go. */
  unprotect(bytes: Uint8Array): void;
  /** The cheapest system call there is, and a call that enters nothing. */
  systemCall(): void;
  plainCall(): void;
  /** Carries out CPUID so often; undefined where this is no x86-64 machine. */
  readonly trap: ((count: number) => void) | undefined;
}

/** Opens it; or says why not: the optional dependency is missing, or this is no Linux. */
export async function openSystemMemory(): Promise<SystemMemory | { readonly missing: string }> {
  if (process.platform !== 'linux') return { missing: `not on ${process.platform}` };
  let koffi: Koffi;
  try {
    const module: { default: unknown } = await import('koffi');
    koffi = module.default as Koffi;
  } catch {
    return { missing: 'the optional dependency koffi is not installed (npm install koffi)' };
  }
  try {
    return withLibrary(koffi);
  } catch (error) {
    return { missing: `the C library cannot be called: ${String(error)}` };
  }
}

function withLibrary(koffi: Koffi): SystemMemory {
  const library = koffi.load('libc.so.6');
  const mmap = library.func('void *mmap(void *at, size_t n, int prot, int flags, int fd, long o)');
  const mprotect = library.func('int mprotect(void *at, size_t n, int prot)');
  const getppid = library.func('int getppid()');
  const abs = library.func('int abs(int)');
  const change = (bytes: Uint8Array, rights: number): void => {
    if (mprotect(bytes, bytes.length, rights) !== 0) throw new Error('mprotect failed');
  };
  return {
    protect: (bytes) => change(bytes, PROT_READ),
    unprotect: (bytes) => change(bytes, PROT_READ_WRITE),
    systemCall: () => void getppid(),
    plainCall: () => void abs(1),
    trap: process.arch === 'x64' ? cpuidLoop(koffi, mmap) : undefined,
  };
}

/** A page of machine code, made executable. */
function cpuidLoop(
  koffi: Koffi,
  mmap: (...given: unknown[]) => unknown,
): ((count: number) => void) | undefined {
  const page = mmap(null, PAGE, PROT_ALL, MAP_PRIVATE_ANONYMOUS, -1, 0);
  // MAP_FAILED is -1: some systems allow no memory that can be written and executed.
  if (page === null || BigInt.asIntN(64, page as bigint) === -1n) return undefined;
  koffi.encode(page, 0, 'uint8_t', CPUID_LOOP, CPUID_LOOP.length);
  const loop = koffi.decode(page, koffi.proto('int interdom_cpuid_loop(int)'));
  return (count) => void loop(count);
}
