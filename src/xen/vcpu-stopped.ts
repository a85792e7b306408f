/** The vCPU was stopped while its code ran: unwinds that code, of which nothing may take effect any more. */
export class VcpuStopped extends Error {
  override readonly name = 'VcpuStopped';
}
