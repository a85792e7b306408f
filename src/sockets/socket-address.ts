import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { UserError } from '../base/errors.js';

/** Where a program of the host listens, or is reached. */
export type SocketAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/**
 * Reads "127.0.0.1:22", "[::1]:22", "localhost:22", or the path of a UNIX socket: whatever has a slash, or "unix:" in front.
 *
 * @param where how the user calls it, for the error
 */
export function parseSocketAddress(text: string, where: string): SocketAddress {
  if (text.startsWith('unix:')) return { kind: 'unix', path: text.slice('unix:'.length) };
  if (text.includes('/')) return { kind: 'unix', path: text };
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const port = Number(found?.[3]);
  if (found === null || port > 65_535) {
    throw new UserError(`"${text}" is no address of a socket`, {
      where,
      remedy: 'give HOST:PORT, [IPV6]:PORT, or the path of a UNIX socket',
    });
  }
  return { kind: 'tcp', host: (found[1] ?? found[2]) as string, port };
}

export function socketAddressText(address: SocketAddress): string {
  if (address.kind === 'unix') return address.path;
  const { host, port } = address;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether only programs of this host can come to it. */
export function isLocal(address: SocketAddress): boolean {
  if (address.kind === 'unix') return true;
  return address.host === 'localhost' || address.host === '::1' || address.host.startsWith('127.');
}

/** Connects to it. The socket stays half open when the other side has said its last. */
export function dial(address: SocketAddress): Socket {
  const options: NetConnectOpts =
    address.kind === 'unix'
      ? { path: address.path, allowHalfOpen: true }
      : { host: address.host, port: address.port, allowHalfOpen: true, noDelay: true };
  return connect(options);
}

/** What `listen` of Node's net is given. */
export function listenOptions(
  address: SocketAddress,
): { path: string } | { host: string; port: number } {
  return address.kind === 'unix'
    ? { path: address.path }
    : { host: address.host, port: address.port };
}
