/** Xen's error numbers (xen/include/public/errno.h). Hypercalls return them negated. */
export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EFAULT = 14;
export const EBUSY = 16;
export const EEXIST = 17;
export const EINVAL = 22;
export const ENOSPC = 28;
export const ENOSYS = 38;
export const EMSGSIZE = 90;
export const ECONNREFUSED = 111;

const NAMES: Readonly<Record<number, string>> = {
  [EPERM]: 'EPERM',
  [ENOENT]: 'ENOENT',
  [ESRCH]: 'ESRCH',
  [EAGAIN]: 'EAGAIN',
  [ENOMEM]: 'ENOMEM',
  [EACCES]: 'EACCES',
  [EFAULT]: 'EFAULT',
  [EBUSY]: 'EBUSY',
  [EEXIST]: 'EEXIST',
  [EINVAL]: 'EINVAL',
  [ENOSPC]: 'ENOSPC',
  [ENOSYS]: 'ENOSYS',
  [EMSGSIZE]: 'EMSGSIZE',
  [ECONNREFUSED]: 'ECONNREFUSED',
};

/** "-EAGAIN" for -11; the number itself where it is no error. */
export function errnoName(result: number): string {
  return result < 0 ? `-${NAMES[-result] ?? -result}` : String(result);
}
