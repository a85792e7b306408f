import { ORDER, type Process } from '../sim/process.js';
import { HYPERVISOR_WORK } from './causes.js';
import { SCHED_POLL, SCHED_SHUTDOWN, SCHED_YIELD } from './counters.js';
import type { ShutdownReason } from './domain.js';
import { EINVAL } from './errno.js';
import type { Vcpu } from './vcpu.js';

/** Ports that one SCHEDOP_poll can name (xen/common/sched/core.c). */
export const MOST_POLLED_PORTS = 128;

/** SCHEDOP_yield: whoever waits for this pCPU has it first. */
export function* schedYield(vcpu: Vcpu): Process<number> {
  enter(vcpu, SCHED_YIELD);
  vcpu.giveWay();
  yield ORDER;
  vcpu.leave();
  return 0;
}

/**
 * SCHEDOP_poll: the whole vCPU sleeps until one of the ports is pending, masked or not, an unmasked event comes, or the
 * time is up. What its guest waits for with an interrupt blocks by itself (see Vcpu).
 *
 * @returns 0, or a negated error number
 */
export function* schedPoll(
  vcpu: Vcpu,
  ports: readonly number[],
  timeoutPs = Number.POSITIVE_INFINITY,
): Process<number> {
  enter(vcpu, SCHED_POLL);
  while (vcpu.isAhead()) yield ORDER;
  const result = startPoll(vcpu, ports, timeoutPs);
  if (result === undefined) yield ORDER;
  vcpu.leave();
  return result ?? 0;
}

/** Returns what the operation answers at once; undefined where the vCPU now sleeps (do_poll). */
function startPoll(vcpu: Vcpu, ports: readonly number[], timeoutPs: number): number | undefined {
  if (ports.length > MOST_POLLED_PORTS) return -EINVAL;
  // An event that is pending already keeps the vCPU awake.
  if (vcpu.upcalls.isPending) return 0;
  for (const number of ports) {
    const port = vcpu.domain.eventChannels.port(number);
    if (port === undefined) return -EINVAL;
    if (port.pending) return 0;
  }
  if (timeoutPs <= vcpu.pcpu.clock) return 0;
  vcpu.pollPorts(ports, timeoutPs);
  return undefined;
}

/** SCHEDOP_shutdown: the domain ends here, or stands still until it is resumed. */
export function* schedShutdown(vcpu: Vcpu, reason: ShutdownReason): Process {
  enter(vcpu, SCHED_SHUTDOWN);
  while (vcpu.isAhead()) yield ORDER;
  vcpu.domain.shutdown(reason);
  yield ORDER;
  vcpu.leave();
}

function enter(vcpu: Vcpu, operation: number): void {
  vcpu.enter(operation);
  vcpu.pcpu.charge(HYPERVISOR_WORK, vcpu.machine.prices.schedOp);
}
