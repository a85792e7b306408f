import type { SharedField } from '../../src/transport/contract.js';

/**
 * struct vchan_interface, the control page of a vchan (xen/include/public/io/libxenvchan.h), and the rules by which
 * libxenvchan_server_init chooses its rings (tools/libs/vchan/init.c, Xen 4.17.5).
 *
 * | bytes | field | written by |
 * | --- | --- | --- |
 * | 0, 4 | left.cons, left.prod | server, client |
 * | 8, 12 | right.cons, right.prod | client, server |
 * | 16, 18 | left_order, right_order (u16) | server |
 * | 20, 21 | cli_live, srv_live | client, server |
 * | 22, 23 | cli_notify, srv_notify | both |
 * | 24 ... | grant references of the rings | server |
 *
 * "Left" carries what the client writes. Either side can scribble on all of it: nothing in this page can be trusted.
 */
export const LEFT_CONS = 0;
export const LEFT_PROD = 4;
export const RIGHT_CONS = 8;
export const RIGHT_PROD = 12;
export const LEFT_ORDER = 16;
export const RIGHT_ORDER = 18;
export const CLI_LIVE = 20;
export const SRV_LIVE = 21;
export const CLI_NOTIFY = 22;
export const SRV_NOTIFY = 23;
export const GRANTS = 24;

/** Everything in it that a peer can write at any time. */
export const SHARED_FIELDS: readonly SharedField[] = [
  { name: 'left.cons', offset: LEFT_CONS, bytes: 4 },
  { name: 'left.prod', offset: LEFT_PROD, bytes: 4 },
  { name: 'right.cons', offset: RIGHT_CONS, bytes: 4 },
  { name: 'right.prod', offset: RIGHT_PROD, bytes: 4 },
  { name: 'left_order', offset: LEFT_ORDER, bytes: 2 },
  { name: 'right_order', offset: RIGHT_ORDER, bytes: 2 },
  { name: 'cli_live', offset: CLI_LIVE, bytes: 1 },
  { name: 'srv_live', offset: SRV_LIVE, bytes: 1 },
  { name: 'cli_notify', offset: CLI_NOTIFY, bytes: 1 },
  { name: 'srv_notify', offset: SRV_NOTIFY, bytes: 1 },
  { name: 'grants[0]', offset: GRANTS, bytes: 4 },
];

/** Bits of the notify bytes: tell me when you have written, or read. */
export const NOTIFY_WRITE = 1;
export const NOTIFY_READ = 2;

/** cli_live before a client has come. */
export const CLIENT_AWAITED = 2;

const SMALL_ORDER = 10;
const LARGE_ORDER = 11;
const PAGE_ORDER = 12;
export const LARGEST_ORDER = 20;
export const LARGEST_RING = 1 << LARGEST_ORDER;

/** Orders of the two rings for equal requests in both directions. */
export function ringOrders(requestedBytes: number): { left: number; right: number } {
  if (requestedBytes <= 1 << SMALL_ORDER) return { left: SMALL_ORDER, right: LARGE_ORDER };
  let order = PAGE_ORDER;
  while (1 << order < requestedBytes) order++;
  return { left: requestedBytes <= 1 << LARGE_ORDER ? LARGE_ORDER : order, right: order };
}

/** Pages a ring needs beside the control page. */
export function ringPages(order: number): number {
  return order >= PAGE_ORDER ? 1 << (order - PAGE_ORDER) : 0;
}

/** Where a small ring lies in the control page: 1024 bytes at 1024, 2048 bytes at 2048. */
export function inPageOffset(order: number): number {
  return 1 << order;
}

/** Whether orders read from the control page can be used: the client checks, since the server wrote them. */
export function validOrders(left: number, right: number): boolean {
  const inRange = (order: number): boolean => order >= SMALL_ORDER && order <= LARGEST_ORDER;
  return inRange(left) && inRange(right) && (left !== right || left >= PAGE_ORDER);
}
