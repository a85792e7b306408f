import type { TransportDriver } from '../transport/contract.js';
import type { CellParameters } from './contract.js';

/** Why whole messages of this size cannot go through this ring; undefined where they can. */
export function messageTooLarge(
  driver: TransportDriver,
  parameters: CellParameters,
): string | undefined {
  const size = driver.ringSize(parameters.ringSizeBytes);
  if ('refused' in size) return size.refused;
  const largest = driver.largestMessage(size.bytes);
  if (parameters.messageSizeBytes <= largest) return undefined;
  return `a message of ${parameters.messageSizeBytes} bytes does not fit: at most ${largest} through this ring`;
}
