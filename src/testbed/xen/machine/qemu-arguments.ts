import type { XenImage } from '../image/image.js';
import {
  dom0CommandLine,
  ICOUNT_SHIFT,
  MACHINE_MEMORY_MIB,
  type MachineConfig,
  xenCommandLine,
} from './machine-config.js';

export interface QemuFiles {
  /** Socket of the machine protocol (QMP). */
  readonly qmpSocket: string;
  /** Where the serial line is written to. A file takes what comes at once: see FileTail. */
  readonly console: string;
  /** What dom0 carries out. */
  readonly batch: string;
  /** Where the counting plugin writes; without it nothing is counted. */
  readonly counts?: string;
  /** Addresses and names of functions for the plugin. */
  readonly functions?: string;
  /** A saved machine to go on from. */
  readonly savedState?: string;
  /** Also measure stays in Xen by kind. */
  readonly stays?: boolean;
}

/**
 * Arguments of QEMU. The CPU is the plain 64-bit AMD model with SVM and nested paging added: Xen and its PV dom0 run on
 * it, while richer models crash one or the other under emulation. It has no RDRAND, so nothing random gets in.
 */
export function qemuArguments(
  image: XenImage,
  config: MachineConfig,
  files: QemuFiles,
  pause: boolean,
): string[] {
  const initrd = `${escaped(image.kernel)} ${escaped(dom0CommandLine(config, pause))},${escaped(image.dom0Initramfs)}`;
  const args = [
    ...['-accel', 'tcg,thread=single,tb-size=512'],
    ...['-cpu', 'qemu64,+svm,+npt'],
    ...['-smp', String(config.pcpus)],
    ...['-m', String(MACHINE_MEMORY_MIB)],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-vga', 'none', '-net', 'none'],
    ...['-no-reboot', '-serial', `file:${escaped(files.console)}`],
    ...['-qmp', `unix:${escaped(files.qmpSocket)},server=on,wait=off`],
    ...['-device', 'pvpanic', '-action', 'panic=pause'],
    ...['-fw_cfg', `name=opt/org.interdom/batch,file=${escaped(files.batch)}`],
    ...['-kernel', image.hypervisor],
    ...['-append', xenCommandLine(config)],
    ...['-initrd', initrd],
  ];
  if (config.deterministic) {
    args.push('-icount', `shift=${ICOUNT_SHIFT},sleep=off,align=off`);
    args.push('-rtc', 'clock=vm,base=2020-01-01');
  }
  if (files.counts !== undefined) {
    const plugin = [
      escaped(image.plugin),
      `out=${escaped(files.counts)}`,
      ...(files.functions === undefined ? [] : [`functions=${escaped(files.functions)}`]),
      ...(files.stays === true ? ['stays=on'] : []),
    ];
    args.push('-plugin', plugin.join(','));
  }
  if (files.savedState !== undefined)
    args.push('-incoming', `exec:cat ${shellQuoted(files.savedState)}`);
  return args;
}

/** QEMU's option lists take a comma within a value doubled. */
function escaped(value: string): string {
  return value.replaceAll(',', ',,');
}

export function shellQuoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}
