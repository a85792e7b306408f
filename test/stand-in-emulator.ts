import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Puts a folder for programs in front of PATH. Returns what takes it away again. */
export async function inFrontOfPath(folder: string): Promise<() => void> {
  const path = process.env['PATH'];
  await mkdir(folder, { recursive: true });
  process.env['PATH'] = `${folder}${delimiter}${path}`;
  return () => {
    process.env['PATH'] = path;
  };
}

/** A program under QEMU's name in this folder, of which a test says what it does. */
export async function standInEmulator(folder: string, program: string): Promise<void> {
  const file = join(folder, 'qemu-system-x86_64');
  await writeFile(file, program);
  await chmod(file, 0o755);
}

/**
 * The same, which listens at its control socket and carries this JavaScript out for each command: it has `execute` (the
 * command), `args`, `answer(value)`, `refuse(text)`, `event(name)` and `socket`.
 */
export function controlledEmulator(folder: string, onCommand: string): Promise<void> {
  return standInEmulator(
    folder,
    `#!${process.execPath}
const at = process.argv.find((word) => word.startsWith('unix:')).slice(5).split(',')[0];
require('node:net').createServer((socket) => {
  let text = '';
  const send = (message) => socket.write(JSON.stringify(message) + '\\n');
  const event = (name) => send({ event: name });
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    text += chunk;
    const lines = text.split('\\n');
    text = lines.pop();
    for (const line of lines) {
      const { execute, arguments: args, id } = JSON.parse(line);
      const answer = (value) => send({ return: value, id });
      const refuse = (desc) => send({ error: { desc }, id });
      if (execute === 'qmp_capabilities') answer({});
      ${onCommand}
    }
  });
}).listen(at);
`,
  );
}
