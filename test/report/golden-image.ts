import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeIndexedPng } from '../../src/report/draw/indexed-png.js';

/** Where the sources of this test lie, seen from the compiled one. */
const GOLDEN = fileURLToPath(new URL('../../../test/report/golden/', import.meta.url));

/** Pictures are compared block by block: how letters are smoothed differs between machines, what they say does not. */
const BLOCK = 16;
/** Colour type of a PNG with a palette, as our own pictures are. */
const INDEXED = 3;
/** Of 255. */
const DIFFERENT = 20;
/** Share of the blocks that may differ. */
const TOLERATED = 0.02;

interface Image {
  readonly width: number;
  readonly height: number;
}

interface Canvas {
  getContext(kind: '2d'): {
    drawImage(image: Image, x: number, y: number): void;
    getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray };
  };
}

const { createCanvas, loadImage } = createRequire(import.meta.url)('canvas') as {
  createCanvas(width: number, height: number): Canvas;
  loadImage(bytes: Buffer): Promise<Image>;
};

/**
 * A picture must look as the one that was looked at and kept. INTERDOM_KEEP_GOLDEN=1 keeps those of today instead: look at
 * them, then commit them.
 */
export async function assertLooksLike(png: Buffer, name: string): Promise<void> {
  const path = join(GOLDEN, `${name}.png`);
  if (process.env['INTERDOM_KEEP_GOLDEN'] === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, png[25] === INDEXED ? png : await fewerColours(png));
    return;
  }
  assert.ok(existsSync(path), `${path} is missing: INTERDOM_KEEP_GOLDEN=1 makes it`);
  const share = await differingShare(png, readFileSync(path));
  if (share <= TOLERATED) return;
  const now = join(tmpdir(), `interdom-golden-${name}.png`);
  writeFileSync(now, png);
  assert.fail(
    `${name}: ${(share * 100).toFixed(1)} % of the picture is not as it was; see ${now}. If that is meant, INTERDOM_KEEP_GOLDEN=1 keeps it`,
  );
}

/** A picture to commit: a third of the size, with no difference to see. */
async function fewerColours(png: Buffer): Promise<Buffer> {
  const { width, height, data } = await pixelsOf(png);
  return encodeIndexedPng(new Uint8Array(data), width, height);
}

/** The share of blocks whose mean differs clearly, 0 to 1; 1 where the sizes differ. */
export async function differingShare(a: Buffer, b: Buffer): Promise<number> {
  const [first, second] = [await blocksOf(a), await blocksOf(b)];
  if (first.width !== second.width || first.height !== second.height) return 1;
  let differing = 0;
  first.blocks.forEach((block, i) => {
    const other = second.blocks[i] as readonly number[];
    if (block.some((mean, k) => Math.abs(mean - (other[k] as number)) > DIFFERENT)) differing++;
  });
  return differing / first.blocks.length;
}

/** Mean of red, green and blue of each block. */
async function blocksOf(
  png: Buffer,
): Promise<{ width: number; height: number; blocks: readonly (readonly number[])[] }> {
  const { width, height, data } = await pixelsOf(png);
  const blocks: number[][] = [];
  for (let top = 0; top < height; top += BLOCK) {
    for (let left = 0; left < width; left += BLOCK) {
      const sums = [0, 0, 0];
      let count = 0;
      for (let y = top; y < Math.min(top + BLOCK, height); y++) {
        for (let x = left; x < Math.min(left + BLOCK, width); x++) {
          for (const channel of [0, 1, 2]) {
            sums[channel] =
              (sums[channel] as number) + (data[(y * width + x) * 4 + channel] as number);
          }
          count++;
        }
      }
      blocks.push(sums.map((sum) => sum / count));
    }
  }
  return { width, height, blocks };
}

async function pixelsOf(
  png: Buffer,
): Promise<{ width: number; height: number; data: Uint8ClampedArray }> {
  const image = await loadImage(png);
  const { width, height } = image;
  const pen = createCanvas(width, height).getContext('2d');
  pen.drawImage(image, 0, 0);
  return { width, height, data: pen.getImageData(0, 0, width, height).data };
}
