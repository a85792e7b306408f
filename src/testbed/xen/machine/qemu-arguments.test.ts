import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { XenImage } from '../image/image.js';
import { pairConfig } from './machine-config.js';
import { qemuArguments, shellQuoted } from './qemu-arguments.js';

const IMAGE: XenImage = {
  directory: '/c,d',
  hash: 'h',
  hypervisor: '/c,d/xen.elf',
  kernel: '/c,d/vmlinux',
  dom0Initramfs: '/c,d/dom0.cpio',
  guestInitramfs: '/c,d/guest.cpio',
  agent: '/c,d/agent',
  plugin: '/c,d/count.so',
  symbols: '/c,d/xen-syms.map',
  hasArgo: false,
  hasSocketProxy: false,
  contents: {},
};
const FILES = {
  qmpSocket: '/t/qmp',
  console: '/t/console',
  batch: '/t/batch',
  counts: '/t/counts',
  functions: '/t/f',
};

const valueAfter = (args: readonly string[], option: string): string | undefined =>
  args[args.indexOf(option) + 1];

describe('qemuArguments', () => {
  it('gives the shared machine one CPU and each its own otherwise, dom0 first', () => {
    const shared = qemuArguments(IMAGE, pairConfig(['pvh', 'pv'], 'shared'), FILES, false);
    assert.equal(valueAfter(shared, '-smp'), '1');
    assert.match(valueAfter(shared, '-initrd') ?? '', /interdom\.guests=pvh:0,,pv:0,/);
    const own = qemuArguments(IMAGE, pairConfig(['pvh', 'pv'], 'own'), FILES, true);
    assert.equal(valueAfter(own, '-smp'), '3');
    assert.match(
      valueAfter(own, '-initrd') ?? '',
      /interdom\.guests=pvh:1,,pv:2 interdom\.pause=yes,/,
    );
    assert.match(valueAfter(own, '-append') ?? '', /dom0_vcpus_pin/);
  });

  it('doubles commas, which end a value otherwise', () => {
    const args = qemuArguments(IMAGE, pairConfig(['pvh', 'pvh'], 'shared'), FILES, false);
    assert.equal(valueAfter(args, '-plugin'), '/c,,d/count.so,out=/t/counts,functions=/t/f');
    assert.ok((valueAfter(args, '-initrd') ?? '').endsWith(',/c,,d/dom0.cpio'));
  });

  it('counts time in instructions only where asked to', () => {
    const config = pairConfig(['pvh', 'pvh'], 'shared', ['spec-ctrl=eager-fpu']);
    const args = qemuArguments(IMAGE, config, FILES, false);
    assert.equal(valueAfter(args, '-icount'), 'shift=1,sleep=off,align=off');
    assert.match(valueAfter(args, '-append') ?? '', /spec-ctrl=eager-fpu$/);
    const free = qemuArguments(IMAGE, { ...config, deterministic: false }, FILES, false);
    assert.ok(!free.includes('-icount'));
  });
});

describe('shellQuoted', () => {
  it('survives a quote in a path', () => {
    assert.equal(shellQuoted("/a'b"), `'/a'\\''b'`);
  });
});
