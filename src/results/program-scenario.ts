/** The scenario of the cells that `interdom programs` writes: real programs over a transport. No scenario of `run`. */
export const PROGRAM_SCENARIO = 'unmodified-program';
