import { parentPort } from 'node:worker_threads';
import { UserError } from '../../src/base/errors.js';
import { invalidCell } from '../../src/runner/unmeasured-cell.js';
import { serveCells } from '../../src/runner/worker-protocol.js';

/** FIXTURE: a worker whose cells end as their `kind` says. */
if (parentPort !== null) {
  serveCells(parentPort, async (planned) => {
    switch (planned.parameters.settings['kind']) {
      case 'exit':
        return process.exit(3);
      case 'throw':
        throw new RangeError('the cell broke');
      case 'uncaught':
        setImmediate(() => {
          throw new Error('thrown where nobody looks');
        });
        return new Promise(() => {});
      case 'memory': {
        const kept: unknown[] = [];
        for (;;) kept.push(new Array(100_000).fill(kept.length));
      }
      case 'user':
        throw new UserError('change this first', { where: 'there', remedy: 'like so' });
      case 'endless':
        for (;;) {
          // Only ending the thread ends this.
        }
    }
    return { ...invalidCell(planned, 'done'), verdict: 'valid' as const };
  });
}
