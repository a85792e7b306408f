/**
 * The names and addresses of its functions that a hypervisor carries for its own stack traces, in the form of Xen's
 * tools/symbols.c: offsets from where Xen is linked to, their number, the names as bytes of a table of 256 tokens,
 * a marker every 256 names, the tokens, and where each token begins.
 *
 * Nothing in the file says where these tables are. They are found by what they must look like: the tokens of the ten
 * digits follow one another, the index of tokens rises, and markers and names agree.
 */

/** Xen's own gigabytes (public/arch-x86/xen-x86_64.h); in which it is linked has changed with its versions. */
const XEN_SPACE = 0xffff82d000000000n;
const XEN_SPACE_HIGH = Buffer.from([0xd0, 0x82, 0xff, 0xff]);
const DIGIT_TOKENS = Buffer.from(
  Array.from('0123456789', (digit) => `${digit}\0`).join(''),
  'latin1',
);
const TOKENS = 256;
const NAMES_A_MARKER = 256;
/** The whole table of tokens is smaller than this. */
const MOST_TOKEN_BYTES = 8192;
const MOST_PADDING = 8;
const FEWEST_SYMBOLS = 256;
const MOST_SYMBOLS = 100_000;

/**
 * Lines "ADDRESS TYPE NAME", as nm writes them, from an uncompressed hypervisor; undefined where it carries none, or in
 * another form.
 */
export function embeddedSymbols(hypervisor: Buffer): string | undefined {
  let digits = -1;
  for (;;) {
    digits = hypervisor.indexOf(DIGIT_TOKENS, digits + 1);
    if (digits < 0) return undefined;
    const tokens = tokensAround(hypervisor, digits);
    if (tokens === undefined) continue;
    const symbols = symbolsBefore(hypervisor, tokens);
    if (symbols !== undefined) return symbols;
  }
}

interface Tokens {
  /** Where the table begins in the file. */
  readonly start: number;
  readonly texts: readonly string[];
}

/** The tokens, by their index behind them: 256 rising numbers of two bytes, of which those of digits are two apart. */
function tokensAround(file: Buffer, digits: number): Tokens | undefined {
  const last = Math.min(file.length - 2 * TOKENS, digits + MOST_TOKEN_BYTES);
  for (let index = digits + DIGIT_TOKENS.length; index <= last; index++) {
    if (file.readUInt16LE(index) !== 0) continue;
    const begins = Array.from({ length: TOKENS }, (_, i) => file.readUInt16LE(index + 2 * i));
    if (begins.some((begin, i) => i > 0 && begin <= (begins[i - 1] as number))) continue;
    const zero = begins['0'.charCodeAt(0)] as number;
    if (begins['9'.charCodeAt(0)] !== zero + 18) continue;
    const start = digits - zero;
    if (start < 0 || start + (begins[TOKENS - 1] as number) >= index) continue;
    const texts = begins.map((begin) => {
      const end = file.indexOf(0, start + begin);
      return file.toString('latin1', start + begin, end);
    });
    return { start, texts };
  }
  return undefined;
}

/** The symbols whose tables end where the tokens begin. */
function symbolsBefore(file: Buffer, { start, texts }: Tokens): string | undefined {
  // Markers rise from 0, and what pads them to the tokens is 0 as well.
  for (
    let markers = start - 4;
    markers > start - 4 * (MOST_SYMBOLS / NAMES_A_MARKER);
    markers -= 4
  ) {
    if (markers < 8) return undefined;
    if (file.readUInt32LE(markers) !== 0 || file.readUInt32LE(markers + 4) === 0) continue;
    const count = countBefore(file, markers, Math.floor((start - markers) / 4));
    if (count === undefined) continue;
    return written(file, count, texts);
  }
  return undefined;
}

interface Count {
  readonly symbols: number;
  /** Where the offsets begin, and the names. */
  readonly offsets: number;
  readonly names: number;
}

/** The number of symbols: it stands before the names, and these are as long as markers say. */
function countBefore(file: Buffer, markers: number, mostMarkers: number): Count | undefined {
  for (let at = markers - 8; at >= 0 && at > markers - 64 * MOST_SYMBOLS; at -= 4) {
    const symbols = file.readUInt32LE(at);
    if (symbols < FEWEST_SYMBOLS || symbols > MOST_SYMBOLS) continue;
    const wanted = Math.ceil(symbols / NAMES_A_MARKER);
    if (wanted > mostMarkers || wanted < mostMarkers - 8) continue;
    for (const names of [at + 4, at + 8]) {
      const offsets = at - 4 * symbols - ((at - 4 * symbols) % 4);
      if (offsets < 0 || !agrees(file, { symbols, offsets, names }, markers)) continue;
      return { symbols, offsets, names };
    }
  }
  return undefined;
}

/** Whether names begin where each marker says, and end just before the markers. */
function agrees(file: Buffer, { symbols, names }: Count, markers: number): boolean {
  let at = names;
  for (let i = 0; i < symbols; i++) {
    if (i % NAMES_A_MARKER === 0) {
      const marker = file.readUInt32LE(markers + 4 * (i / NAMES_A_MARKER));
      if (at - names !== marker) return false;
    }
    if (file[at] === 0) return false; // every name has a letter for its type
    at += 1 + (file[at] as number);
    if (at > markers) return false;
  }
  return markers - at < MOST_PADDING;
}

function written(
  file: Buffer,
  { symbols, offsets, names }: Count,
  texts: readonly string[],
): string {
  const lines: string[] = [];
  const linkedTo = XEN_SPACE + BigInt(gigabyteOf(file));
  let at = names;
  for (let i = 0; i < symbols; i++) {
    const length = file[at] as number;
    let text = '';
    for (let k = 1; k <= length; k++) text += texts[file[at + k] as number];
    at += 1 + length;
    const address = linkedTo + BigInt(file.readUInt32LE(offsets + 4 * i));
    lines.push(`0x${address.toString(16)} ${text.slice(0, 1)} ${text.slice(1)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** The gigabyte to which most pointers in the file lead: XEN_VIRT_START of xen/arch/x86/include/asm/config.h. */
function gigabyteOf(file: Buffer): number {
  const votes = [0, 0, 0, 0];
  for (
    let at = file.indexOf(XEN_SPACE_HIGH, 4);
    at >= 0;
    at = file.indexOf(XEN_SPACE_HIGH, at + 1)
  ) {
    const gigabyte = (file[at - 1] as number) >> 6;
    votes[gigabyte] = (votes[gigabyte] as number) + 1;
  }
  return votes.indexOf(Math.max(...votes)) * 2 ** 30;
}
