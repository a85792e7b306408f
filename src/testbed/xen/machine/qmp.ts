import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

type Json = Readonly<Record<string, unknown>>;

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

const CONNECT_PAUSE_MS = 25;

/** The emulator refused a command, or the connection broke. */
export class QmpFailure extends Error {
  override readonly name = 'QmpFailure';
  readonly isBroken: boolean;
  constructor(reason: string, isBroken: boolean) {
    super(reason);
    this.isBroken = isBroken;
  }
}

/** QEMU's machine protocol: JSON objects, a line each, over a socket (docs/interop/qmp-spec.txt). */
export class QmpClient {
  private readonly pending = new Map<number, Pending>();
  private readonly waiters = new Map<string, (() => void)[]>();
  private readonly seen = new Set<string>();
  private nextId = 1;
  private text = '';
  private closed: QmpFailure | undefined;
  private readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => this.take(chunk));
    socket.on('error', (error) => this.close(error.message));
    socket.on('close', () => this.close('the emulator closed it'));
  }

  /** Connects and negotiates; tries until the emulator listens, or until it is told to stop. */
  static async connect(path: string, signal: AbortSignal): Promise<QmpClient> {
    for (;;) {
      signal.throwIfAborted();
      try {
        const client = new QmpClient(await opened(path));
        await client.execute('qmp_capabilities');
        return client;
      } catch {
        await delay(CONNECT_PAUSE_MS, undefined, { signal });
      }
    }
  }

  /** Carries out a command. Rejects with QmpFailure where it fails or the emulator goes. */
  execute(command: string, argumentsOfIt: Json = {}): Promise<unknown> {
    if (this.closed !== undefined) return Promise.reject(this.closed);
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.socket.write(`${JSON.stringify({ execute: command, arguments: argumentsOfIt, id })}\n`);
    });
  }

  /** Resolves when an event of this name has come, be it before or after this call. */
  event(name: string): Promise<void> {
    if (this.seen.has(name)) return Promise.resolve();
    return new Promise((resolve) => {
      const waiting = this.waiters.get(name) ?? [];
      waiting.push(resolve);
      this.waiters.set(name, waiting);
    });
  }

  end(): void {
    this.socket.destroy();
  }

  private take(chunk: string): void {
    this.text += chunk;
    for (let end = this.text.indexOf('\n'); end >= 0; end = this.text.indexOf('\n')) {
      const line = this.text.slice(0, end).trim();
      this.text = this.text.slice(end + 1);
      if (line !== '') this.takeMessage(JSON.parse(line) as Json);
    }
  }

  private takeMessage(message: Json): void {
    const event = message['event'];
    if (typeof event === 'string') {
      this.seen.add(event);
      for (const resolve of this.waiters.get(event) ?? []) resolve();
      this.waiters.delete(event);
      return;
    }
    const id = message['id'];
    if (typeof id !== 'number') return;
    const pending = this.pending.get(id);
    this.pending.delete(id);
    const error = message['error'] as { readonly desc?: string } | undefined;
    if (error !== undefined)
      pending?.reject(new QmpFailure(`QEMU: ${error.desc ?? 'unknown error'}`, false));
    else pending?.resolve(message['return']);
  }

  private close(reason: string): void {
    if (this.closed !== undefined) return;
    this.closed = new QmpFailure(`the control connection broke: ${reason}`, true);
    for (const { reject } of this.pending.values()) reject(this.closed);
    this.pending.clear();
  }
}

function opened(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => {
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}
