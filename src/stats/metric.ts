/** Which way a metric is better. */
export type Better = 'lower' | 'higher' | 'none';

/** `exact`: cannot vary for a given seed. `nothing`: a sample, about whose distribution nothing is assumed. */
export type Assumption = 'exact' | 'nothing';

/** `protocol`: the same however the two sides are timed. `schedule`: depends on who is faster. */
export type DeterminedBy = 'protocol' | 'schedule';
