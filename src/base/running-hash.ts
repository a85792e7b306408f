/** A 64-bit running hash of integers (two 32-bit lanes, murmur3's mixing): a fingerprint, not a defence. */
export class RunningHash {
  private low = 0x12345678;
  private high = 0x9e3779b9;

  /** Takes the low 32 bits of an integer. */
  add(value: number): void {
    let k = Math.imul(value | 0, 0xcc9e2d51);
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    this.low ^= k;
    this.low = (Math.imul((this.low << 13) | (this.low >>> 19), 5) + 0xe6546b64) | 0;
    this.high = (Math.imul(this.high ^ this.low, 0x85ebca6b) + k) | 0;
  }

  /** Takes an integer up to 2^53 whole. */
  addLong(value: number): void {
    this.add(value);
    const high = (value / 4294967296) | 0;
    if (high !== 0) this.add(high);
  }

  /** Sixteen hexadecimal digits. */
  digest(): string {
    const hex = (lane: number): string => {
      let h = lane;
      h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
      h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
      return ((h ^ (h >>> 16)) >>> 0).toString(16).padStart(8, '0');
    };
    return hex(this.high) + hex(this.low);
  }
}
