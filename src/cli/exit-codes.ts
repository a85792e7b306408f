/** Exit codes: a contract with other people's scripts. */
export const EXIT = {
  ok: 0,
  internalError: 1,
  wrongInput: 2,
  /** Or, of `validate`: the model counts something else than real Xen. */
  regression: 3,
  inconclusive: 4,
  notComparable: 5,
  nothingMeasured: 6,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
