import type { QmpClient } from './qmp.js';

const LOOK_EVERY_MS = 2000;
/** So many looks in a row that see the processor at one place. */
const LOOKS = 10;

/**
 * Now and then the emulator delivers an interrupt to a PVH guest that has interrupts off. Where that guest was setting its
 * clock, the handler waits for ever until that is done (ktime_get_update_offsets_now, on an odd sequence count). Each turn
 * of that loop leaves the emulator's inner loop (PAUSE), so that the machine becomes fifty times slower. The same
 * instructions go the same way again: another try has to begin at another moment.
 *
 * Finds out from looks at the processor's registers that it does nothing but turn on the spot.
 */
export class SpinJudge {
  private place = '';
  private seen = 0;

  /**
   * @param registers what the emulator's monitor says to "info registers"
   * @returns the address at which it spins; undefined where it does not, or not yet for long enough
   */
  look(registers: string): string | undefined {
    const [, place = '', halted] = /\bRIP=([0-9a-f]+) .*\bHLT=([01])/.exec(registers) ?? [];
    const stays = halted === '0' && place === this.place;
    this.seen = stays ? this.seen + 1 : 1;
    this.place = halted === '0' ? place : '';
    return stays && this.seen >= LOOKS ? place : undefined;
  }
}

/**
 * Looks at the processor every two seconds until it spins or the watch is ended. Looking moves the moments at which the
 * emulator lets go of its inner loop: not for machines whose counts are to repeat exactly.
 *
 * @returns ends the watch
 */
export function watchForSpin(qmp: QmpClient, onSpin: (address: string) => void): () => void {
  const judge = new SpinJudge();
  let isLooking = false;
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    qmp
      .execute('human-monitor-command', { 'command-line': 'info registers' })
      .then((registers) => {
        const address = judge.look(String(registers));
        if (address !== undefined) onSpin(address);
      })
      // A machine that has gone is told of by whoever waits for its end.
      .catch(() => clearInterval(timer))
      .finally(() => {
        isLooking = false;
      });
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}
