/**
 * One cache line whose words several pCPUs write: an index, a flag, a lock. Says when it must move between pCPUs.
 * Exact for two pCPUs; with more it forgets all readers but the last, so that a widely shared line counts as moving
 * oftener than it would.
 */
export class SharedLine {
  private owner = -1;
  private reader = -1;

  /** @returns whether the line had to be fetched from another pCPU */
  read(pcpu: number): boolean {
    if (this.owner === pcpu || this.reader === pcpu) return false;
    this.reader = pcpu;
    return this.owner >= 0;
  }

  /** @returns whether other pCPUs held the line */
  write(pcpu: number): boolean {
    const alone = this.owner === pcpu && (this.reader < 0 || this.reader === pcpu);
    const fresh = this.owner < 0 && (this.reader < 0 || this.reader === pcpu);
    this.owner = pcpu;
    this.reader = -1;
    return !(alone || fresh);
  }
}
