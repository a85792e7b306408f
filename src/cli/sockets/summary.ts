import { formatBytes, formatSignificant } from '../../base/units.js';
import type { Tally } from '../../sockets/relay.js';
import type { JoinedCounts } from './joined-domains.js';

/** What a tunnel has carried, and what the domains did for it: lines for a person. */
export function summaryLines(tally: Tally, counts: JoinedCounts): readonly string[] {
  const { connections, mostOpen, resets, waited, bytesToTarget, bytesFromTarget } = tally;
  const refused = [...tally.refused].map(([code, times]) => `${times} ${code}`).join(', ');
  const carried = bytesToTarget + bytesFromTarget;
  const lines = [
    `${connections} ${connections === 1 ? 'connection' : 'connections'}, ${mostOpen} at once at most; ${resets} ended by a reset` +
      (refused === '' ? '' : `; not made: ${refused}`) +
      (waited === 0 ? '' : `; ${waited} waited for a resource of the transport`),
    `${formatBytes(bytesToTarget)} to the target, ${formatBytes(bytesFromTarget)} back`,
  ];
  const entries = total(counts.dataPath['entries']);
  const detail = named(counts.dataPath['entries']);
  const perMebibyte =
    carried < 1048576 ? '' : `, ${formatSignificant(entries / (carried / 1048576))} a MiB`;
  lines.push(
    `hypervisor entries to send and receive: ${entries}${detail === '' ? '' : ` (${detail})`}${perMebibyte}`,
  );
  if (connections > 0) {
    const each = total(counts.controlPlane['entries']) / connections;
    lines.push(
      `to make and take down a connection: ${formatSignificant(each)} entries, dom0's included`,
    );
  }
  return lines;
}

function total(counts: Readonly<Record<string, number>> | undefined): number {
  return Object.values(counts ?? {}).reduce((sum, count) => sum + count, 0);
}

function named(counts: Readonly<Record<string, number>> | undefined): string {
  return Object.entries(counts ?? {})
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}
