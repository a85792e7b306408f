/** Pieces of the binary format of WebAssembly modules. */

/** A number as LEB128. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

export function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

export function name(text: string): number[] {
  return [text.length, ...Buffer.from(text)];
}

/** A function's body, with two locals of 32 bits behind its parameters. */
export function body(code: readonly number[]): number[] {
  return [...leb(code.length + 3), 1, 2, 0x7f, ...code];
}
