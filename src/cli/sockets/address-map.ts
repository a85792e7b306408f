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
  if (at < 0) {
    throw new UserError(`"${text}" maps nothing`, {
      where,
      remedy: 'give HOST:PORT=ADDRESS, as in 127.0.0.1:80=127.0.0.1:8080',
    });
  }
  return {
    chosen: await readChosen(text.slice(0, at), where),
    target: parseSocketAddress(text.slice(at + 1), where),
  };
}

/** Reads "HOST:PORT": all numeric addresses for which it stands. Throws UserError. */
export async function readChosen(text: string, where: string): Promise<readonly string[]> {
  const from = parseSocketAddress(text, where);
  if (from.kind !== 'tcp') {
    throw new UserError(`"${text}" is no TCP address`, {
      where,
      remedy: 'give HOST:PORT, as in 127.0.0.1:80',
    });
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
  return hosts.map((host) => socketAddressText({ kind: 'tcp', host, port: from.port }));
}
