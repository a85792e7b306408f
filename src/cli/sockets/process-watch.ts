import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** So often all processes are looked at. */
const LOOK_EVERY_MS = 200;
const IO_URING = 'anon_inode:[io_uring]';

/**
 * Looks at a program and at all that it starts, and says which of them are not interposed, wholly or in part: those into which
 * the dynamic linker has not loaded the library (linked statically, or with rights of their own), and those that use io_uring.
 * Linux tells it in /proc. A process that lives shorter than two looks is not seen.
 */
export class ProcessWatch {
  private readonly timer: NodeJS.Timeout;
  /** Processes without the library when they were last looked at: one that has just been started is not ready. */
  private suspects = new Set<number>();
  private readonly told = new Set<string>();

  /** @param tell is called once for each process and reason */
  constructor(
    private readonly root: number,
    private readonly library: string,
    private readonly tell: (line: string) => void,
  ) {
    this.timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  close(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const suspects = new Set<number>();
    for (const process of withChildren(this.root)) {
      if (lacks(process, this.library)) suspects.add(process);
      if (suspects.has(process) && this.suspects.has(process)) {
        this.say(
          process,
          'runs without the preload library (it is linked statically, or has rights of its own): its connections go their usual way',
        );
      }
      if (usesIoUring(process)) {
        this.say(process, 'uses io_uring: a connection made by it goes its usual way');
      }
    }
    this.suspects = suspects;
  }

  private say(process: number, what: string): void {
    const key = `${process} ${what}`;
    if (this.told.has(key)) return;
    this.told.add(key);
    this.tell(`${read(`/proc/${process}/comm`).trim()} (process ${process}) ${what}`);
  }
}

function withChildren(process: number): readonly number[] {
  const found = [process];
  // The list grows while it is walked through.
  for (const parent of found) {
    for (const thread of list(`/proc/${parent}/task`)) {
      const children = read(`/proc/${parent}/task/${thread}/children`).trim();
      if (children !== '') found.push(...children.split(' ').map(Number));
    }
  }
  return found;
}

/** What has no maps at all has ended, or is not for this user to see: nothing is said of it. */
function lacks(process: number, library: string): boolean {
  const maps = read(`/proc/${process}/maps`);
  return maps !== '' && !maps.includes(library);
}

function usesIoUring(process: number): boolean {
  return list(`/proc/${process}/fd`).some((fd) => {
    try {
      return readlinkSync(`/proc/${process}/fd/${fd}`) === IO_URING;
    } catch {
      return false;
    }
  });
}

/** The process may be gone by now. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function list(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
