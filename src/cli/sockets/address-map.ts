import { lookup } from 'node:dns/promises';
import { UserError } from '../../base/errors.js';
import {
  parseSocketAddress,
  type SocketAddress,
  socketAddressText,
} from '../../sockets/socket-address.js';

/** Connections to one of `chosen` ("HOST:PORT", numeric) go to `target`. */
export interface Mapping {
  readonly chosen: readonly string[];
  readonly target: SocketAddress;
}

/** Reads "HOST:PORT=ADDRESS". A name stands for all its addresses. Throws UserError. */
export async function readMapping(text: string, where: string): Promise<Mapping> {
  const at = text.indexOf('=');
  const remedy = 'give HOST:PORT=ADDRESS, as in 127.0.0.1:80=127.0.0.1:8080';
  if (at < 0) throw new UserError(`"${text}" maps nothing`, { where, remedy });
  const from = parseSocketAddress(text.slice(0, at), where);
  if (from.kind !== 'tcp') {
    throw new UserError(`"${text}" begins with no TCP address`, { where, remedy });
  }
  let addresses: readonly { readonly address: string }[];
  try {
    addresses = await lookup(from.host, { all: true });
  } catch {
    throw new UserError(`the name ${from.host} has no address here`, {
      where,
      remedy: 'give the address that the program connects to',
    });
  }
  const hosts = [...new Set(addresses.map(({ address }) => address))];
  return {
    chosen: hosts.map((host) => socketAddressText({ kind: 'tcp', host, port: from.port })),
    target: parseSocketAddress(text.slice(at + 1), where),
  };
}
