/**
 * Where V2V's nodes lie in xenstore.
 *
 * The nodes of a connection are those of the published sources: `backend`, `peer-domid` and `state` of each side, which
 * the toolstack makes (samples/v2v/v2v_setup1.sh of xc-windows), and what the listener adds. How a guest asks for them
 * was never published; the request nodes are this project's.
 */
export type V2vRole = 'listener' | 'connector';

export function otherRole(role: V2vRole): V2vRole {
  return role === 'listener' ? 'connector' : 'listener';
}

/** Who meets whom. */
export interface V2vPair {
  readonly port: number;
  readonly listener: number;
  readonly connector: number;
}

/** Parent of all connections. dom0 owns it. */
export const CONNECTIONS = '/v2v';

/** Parent of both sides' nodes. dom0 owns it. */
export function connectionPath({ port, listener, connector }: V2vPair): string {
  return `${CONNECTIONS}/${listener}-${port}-${connector}`;
}

/** Whose connection a node below CONNECTIONS is. */
export function parseConnection(name: string): V2vPair | undefined {
  const match = /^(\d+)-(\d+)-(\d+)$/.exec(name);
  if (match === null) return undefined;
  return { listener: Number(match[1]), port: Number(match[2]), connector: Number(match[3]) };
}

/** One side's nodes: its own to write, the peer's to read. */
export function sidePath(pair: V2vPair, role: V2vRole): string {
  return `${connectionPath(pair)}/${role}`;
}

/** Parent of the homes of all domains: where the broker watches. */
export const HOMES = '/local/domain';
/** The part of a home that libxl lets the domain write. */
export const REQUESTS = 'data';

/**
 * A side writes REQUESTED here. The broker replaces it by WAITING while the other side has not asked, by the path of the
 * side's nodes when it has made them, or by REFUSED and the error.
 */
export function requestPath(pair: V2vPair, role: V2vRole): string {
  const peer = pair[otherRole(role)];
  return `${HOMES}/${pair[role]}/${REQUESTS}/v2v-${role}-${pair.port}-${peer}`;
}
export const REQUESTED = 'wanted';
export const WAITING = 'waiting';
export const REFUSED = 'refused';

const REQUEST = /^\/local\/domain\/(\d+)\/data\/v2v-(listener|connector)-(\d+)-(\d+)$/;

/** Who asks for what by a node of this path; undefined where it is no request. */
export function parseRequest(path: string): { pair: V2vPair; role: V2vRole } | undefined {
  const match = REQUEST.exec(path);
  if (match === null) return undefined;
  const role = match[2] as V2vRole;
  const [asker, port, peer] = [Number(match[1]), Number(match[3]), Number(match[4])];
  const pair =
    role === 'listener'
      ? { port, listener: asker, connector: peer }
      : { port, listener: peer, connector: asker };
  return { pair, role };
}
