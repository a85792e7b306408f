import { UserError } from '../../base/errors.js';

/** Which figures an entry of the policy speaks of. */
export interface Pattern {
  readonly text: string;
  /** A cell is meant as a whole, not only some of its figures. */
  readonly wholeCell: boolean;
  matchesCell(id: string): boolean;
  matchesMetric(name: string): boolean;
}

/** What may stand behind the last colon: a metric, an outcome or an effective size. */
const METRIC = /^[\w.*-]+$/;

/**
 * Reads "cell:metric", in both of which a star stands for any characters, slashes included. Without
 * a colon, or where no metric's name follows it, all figures of the cells are meant. Throws
 * UserError.
 */
export function parsePattern(text: string, where: string): Pattern {
  const trimmed = text.trim();
  if (trimmed === '') {
    throw new UserError('a pattern is empty', {
      where,
      remedy: 'write for example */ping-pong/*:latencyNsP99',
    });
  }
  const colon = trimmed.lastIndexOf(':');
  const metric = colon < 0 ? '' : trimmed.slice(colon + 1);
  const hasMetric = colon > 0 && METRIC.test(metric);
  const cell = globOf(hasMetric ? trimmed.slice(0, colon) : trimmed);
  const ofMetric = globOf(hasMetric ? metric : '*');
  return {
    text: trimmed,
    wholeCell: !hasMetric || metric === '*',
    matchesCell: (id) => cell.test(id),
    matchesMetric: (name) => ofMetric.test(name),
  };
}

function globOf(text: string): RegExp {
  const escaped = text.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('[\\s\\S]*')}$`);
}
