/** A commit for readers: twelve digits, and whether files differed from it ("-dirty"); "no commit" where it is not known. */
export function shortCommit(commit: string): string {
  return commit === '' ? 'no commit' : commit.replace(/^([0-9a-f]{12})[0-9a-f]*/, '$1');
}
