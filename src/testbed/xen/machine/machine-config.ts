/** What kind of machine is emulated and which guests it runs. Equal configurations share a saved machine. */
export interface MachineConfig {
  readonly guests: readonly GuestConfig[];
  /** Physical CPUs; dom0 is on the first. */
  readonly pcpus: number;
  /** Further arguments of the hypervisor, such as "spec-ctrl=eager-fpu". */
  readonly xenArguments: readonly string[];
  /**
   * Time is counted in instructions (QEMU's -icount): the same run gives the same counts, on any host.
   * Without it, time is the host's and counts vary.
   */
  readonly deterministic: boolean;
}

export interface GuestConfig {
  readonly type: GuestType;
  /** The physical CPU to which its vCPU is pinned. */
  readonly pcpu: number;
}

export type GuestType = 'pv' | 'pvh';

/** `own`: each vCPU on a physical CPU of its own; `shared`: all on one. */
export type Placement = 'own' | 'shared';

/** Virtual nanoseconds an instruction takes under deterministic emulation: 2^ICOUNT_SHIFT. */
export const ICOUNT_SHIFT = 1;

export const MACHINE_MEMORY_MIB = 1024;
const DOM0_MEMORY_MIB = 384;

/** The machine for two guests, first the one that listens, then the one that connects. */
export function pairConfig(
  types: readonly [listener: GuestType, connector: GuestType],
  placement: Placement,
  xenArguments: readonly string[] = [],
): MachineConfig {
  const own = placement === 'own';
  return {
    guests: types.map((type, i) => ({ type, pcpu: own ? i + 1 : 0 })),
    pcpus: own ? 1 + types.length : 1,
    xenArguments,
    deterministic: true,
  };
}

/** Arguments of the hypervisor. */
export function xenCommandLine(config: MachineConfig): string {
  return [
    'console=com1',
    'com1=115200',
    `dom0_mem=${DOM0_MEMORY_MIB}M`,
    'dom0_max_vcpus=1',
    ...(config.pcpus > 1 ? ['dom0_vcpus_pin'] : []),
    'loglvl=info',
    'no-real-mode',
    'argo=1', // where the hypervisor has it; others ignore the word
    ...config.xenArguments,
  ].join(' ');
}

/** Arguments of dom0's kernel. */
export function dom0CommandLine(config: MachineConfig, pause: boolean): string {
  const guests = config.guests.map(({ type, pcpu }) => `${type}:${pcpu}`).join(',');
  return [
    'console=hvc0',
    'quiet',
    'loglevel=4',
    'tsc=reliable',
    `interdom.guests=${guests}`,
    ...(pause ? ['interdom.pause=yes'] : []),
  ].join(' ');
}
