import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../../../base/errors.js';
import { requireInstalled } from './inputs.js';
import { REQUIREMENTS } from './packages.js';

describe('packages that are missing', () => {
  it('are named in one line that installs them all', () => {
    assert.throws(
      () => requireInstalled(REQUIREMENTS),
      (error: unknown) =>
        error instanceof UserError &&
        error.message === 'the Xen testbed needs qemu-system-x86, gcc, libc6-dev, xz-utils' &&
        error.remedy ===
          'apt-get install --no-install-recommends qemu-system-x86 gcc libc6-dev xz-utils',
    );
  });

  it('are no fault where they are fetched and unpacked', () => {
    requireInstalled(REQUIREMENTS.filter(({ unpackable }) => unpackable));
  });
});
