import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';

/** The browser of this machine, if it has one. */
export const CHROMIUM = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => existsSync(path));

interface Reply {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** A headless Chromium, spoken to over a pipe by the DevTools protocol: JSON messages that end with a NUL. */
export class Browser {
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, (reply: Reply) => void>();
  private readonly listeners = new Set<(reply: Reply) => void>();
  private last = 0;
  private unread = '';

  constructor(profileFolder: string) {
    this.child = spawn(
      CHROMIUM as string,
      [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--remote-debugging-pipe',
        `--user-data-dir=${profileFolder}`,
        'about:blank',
      ],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
    );
    (this.child.stdio[4] as Readable)
      .setEncoding('utf8')
      .on('data', (part: string) => this.read(part));
  }

  /** @param prepare what is set before the address is called */
  async open(
    url: string,
    size: { width: number; height: number },
    prepare: (page: Page) => Promise<unknown> = async () => {},
  ): Promise<Page> {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this, sessionId as string);
    this.listeners.add((reply) => page.hear(reply));
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await page.send(`${domain}.enable`);
    await page.send('Emulation.setDeviceMetricsOverride', {
      ...size,
      deviceScaleFactor: 1,
      mobile: false,
    });
    await prepare(page);
    await page.send('Page.navigate', { url });
    return page;
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.child.once('close', resolve));
    await this.send('Browser.close').catch(() => this.child.kill());
    await gone;
  }

  async send(
    method: string,
    params: Record<string, unknown> = {},
    sessionId?: string,
  ): Promise<Record<string, unknown>> {
    const id = ++this.last;
    const message = { id, method, params, ...(sessionId === undefined ? {} : { sessionId }) };
    const reply = await new Promise<Reply>((resolve) => {
      this.waiting.set(id, resolve);
      (this.child.stdio[3] as Writable).write(`${JSON.stringify(message)}\0`);
    });
    if (reply.error !== undefined) throw new Error(`${method}: ${reply.error.message}`);
    return reply.result ?? {};
  }

  private read(part: string): void {
    const messages = (this.unread + part).split('\0');
    this.unread = messages.pop() ?? '';
    for (const text of messages) {
      const reply = JSON.parse(text) as Reply;
      if (reply.id === undefined) for (const listener of this.listeners) listener(reply);
      else this.waiting.get(reply.id)?.(reply);
    }
  }
}

/** One page, with all that it complained of and asked the network for. */
export class Page {
  readonly complaints: string[] = [];
  readonly requests: string[] = [];

  constructor(
    private readonly browser: Browser,
    private readonly session: string,
  ) {}

  send(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    return this.browser.send(method, params, this.session);
  }

  /** The value of an expression, which may be a promise. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value: T }).value;
  }

  /** Waits until an expression is true. Throws after ten seconds. */
  async until(condition: string): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      if (await this.evaluate<boolean>(`Boolean(${condition})`)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`never true: ${condition}`);
  }

  /** Clicks in the middle of an element, as a mouse does. */
  async click(selector: string): Promise<void> {
    const at = await this.evaluate<{ x: number; y: number }>(
      `(() => { const e = document.querySelector(${JSON.stringify(selector)}); e.scrollIntoView({block: 'center'});` +
        'const b = e.getBoundingClientRect(); return { x: b.x + b.width / 2, y: b.y + b.height / 2 }; })()',
    );
    for (const type of ['mousePressed', 'mouseReleased']) {
      await this.send('Input.dispatchMouseEvent', { type, ...at, button: 'left', clickCount: 1 });
    }
  }

  /** Presses a key where the focus is. */
  async press(key: string, text = ''): Promise<void> {
    const code = { Enter: 13, Tab: 9, ArrowDown: 40 }[key] ?? 0;
    await this.send('Input.dispatchKeyEvent', {
      type: text === '' ? 'rawKeyDown' : 'keyDown',
      key,
      text,
      windowsVirtualKeyCode: code,
    });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', key, windowsVirtualKeyCode: code });
  }

  /** What the reader's system prefers, or a page on paper. */
  async emulate(media: 'screen' | 'print', colours: 'light' | 'dark'): Promise<void> {
    const features = [{ name: 'prefers-color-scheme', value: colours }];
    await this.send('Emulation.setEmulatedMedia', { media, features });
  }

  /** PNG of what is in sight. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(data as string, 'base64');
  }

  /** Types into what has the focus. */
  async type(text: string): Promise<void> {
    await this.send('Input.insertText', { text });
  }

  hear({ method, params, sessionId }: Reply): void {
    if (sessionId !== this.session) return;
    if (method === 'Runtime.exceptionThrown' || method === 'Runtime.consoleAPICalled') {
      this.complaints.push(JSON.stringify(params));
    }
    if (method === 'Log.entryAdded') this.complaints.push(JSON.stringify(params?.['entry']));
    if (method === 'Network.requestWillBeSent') {
      const { url } = (params as { request: { url: string } }).request;
      if (!url.startsWith('data:')) this.requests.push(url);
    }
  }
}
