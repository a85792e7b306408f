import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../../base/errors.js';
import { CommandFailed, runCommand } from '../process/command.js';
import { cacheFault, PACKAGES } from './cache.js';

/** The version of Xen that Debian 12 ships, whose hypervisor and tools belong together. */
export const XEN_SERIES = '4.17';

const APT_TIMEOUT_MS = 180_000;

/** Something the testbed needs of the machine it runs on, and the Debian package that has it. */
export interface Requirement {
  /** What it is for, as `doctor` shows it. */
  readonly purpose: string;
  readonly package: string;
  /** Files that must all be there; paths as installed. */
  readonly files: readonly string[];
  /** May be unpacked into the cache without being installed. */
  readonly unpackable: boolean;
}

const TOOLS = `/usr/lib/xen-${XEN_SERIES}/bin`;

/** Everything but the kernel, whose package's name is only known to the package manager. */
export const REQUIREMENTS: readonly Requirement[] = [
  {
    purpose: 'emulated machine',
    package: 'qemu-system-x86',
    files: ['/usr/bin/qemu-system-x86_64'],
    unpackable: false,
  },
  {
    purpose: 'hypervisor',
    package: `xen-hypervisor-${XEN_SERIES}-amd64`,
    files: [`/boot/xen-${XEN_SERIES}-amd64.gz`],
    unpackable: true,
  },
  {
    purpose: 'toolstack of dom0',
    package: `xen-utils-${XEN_SERIES}`,
    files: ['xl', 'xenstored', 'xenconsoled', 'xen-init-dom0', 'xentrace'].map(
      (name) => `${TOOLS}/${name}`,
    ),
    unpackable: true,
  },
  {
    purpose: 'libxenvchan and headers',
    package: 'libxen-dev',
    files: ['/usr/include/libxenvchan.h', '/usr/lib/x86_64-linux-gnu/libxenvchan.a'],
    unpackable: true,
  },
  {
    purpose: 'shell and small programs of the domains',
    package: 'busybox-static',
    files: ['/bin/busybox'],
    unpackable: true,
  },
  { purpose: 'C compiler', package: 'gcc', files: ['/usr/bin/gcc'], unpackable: false },
  {
    purpose: 'C library to link with',
    package: 'libc6-dev',
    files: ['/usr/lib/x86_64-linux-gnu/libc.a'],
    unpackable: false,
  },
  { purpose: 'decompressor', package: 'xz-utils', files: ['/usr/bin/xz'], unpackable: false },
];

/** Metapackage that names the kernel's package. */
export const KERNEL_METAPACKAGE = 'linux-image-amd64';

/** The one line that installs what must be installed. The rest is downloaded and only unpacked. */
export function installLine(packages: readonly string[]): string {
  return `apt-get install --no-install-recommends ${packages.join(' ')}`;
}

export interface PackageOptions {
  /** Packages are unpacked into its folder "packages". */
  readonly cacheDirectory: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (text: string) => void;
}

/**
 * Finds files of Debian packages: where they are installed, or in the cache, into which packages are downloaded by name
 * (`apt-get download`) and unpacked (`dpkg-deb -x`). Neither needs root. Installing the hypervisor and kernel packages
 * would change how the machine boots; unpacking them does not.
 */
export class DebianPackages {
  private readonly directory: string;
  private readonly options: PackageOptions;
  private roots: string[] = ['/'];

  private constructor(options: PackageOptions) {
    this.options = options;
    this.directory = join(options.cacheDirectory, PACKAGES);
  }

  static async open(options: PackageOptions): Promise<DebianPackages> {
    const packages = new DebianPackages(options);
    await mkdir(packages.directory, { recursive: true });
    await packages.readRoots();
    return packages;
  }

  /** Where a file is now, or undefined. The path is as installed, or one of several alternatives. */
  locate(...paths: readonly string[]): string | undefined {
    for (const root of this.roots) {
      for (const path of paths) {
        const candidate = join(root, path);
        if (existsSync(candidate)) return candidate;
      }
    }
    return undefined;
  }

  /** All roots in which files of packages may lie, the installed system first. */
  fileRoots(): readonly string[] {
    return this.roots;
  }

  isSatisfied(requirement: Requirement): boolean {
    return requirement.files.every((file) => this.locate(file) !== undefined);
  }

  /** The package that the metapackage of kernels stands for now, such as linux-image-6.1.0-56-amd64. */
  async kernelPackage(): Promise<string> {
    const unpacked = this.roots
      .map((root) => /\/(linux-image-\d[^_/]*)_[^/]*$/.exec(root)?.[1])
      .find((name) => name !== undefined);
    if (unpacked !== undefined) return unpacked;
    const result = await this.apt(
      'apt-cache',
      ['depends', KERNEL_METAPACKAGE],
      [KERNEL_METAPACKAGE],
    );
    const name = /Depends: (linux-image-\d\S*)/.exec(result.stdout.toString('utf8'))?.[1];
    if (name === undefined) {
      throw new UserError(`apt-cache knows no kernel behind ${KERNEL_METAPACKAGE}`, {
        remedy: 'apt-get update',
      });
    }
    return name;
  }

  /**
   * Libraries that the named packages depend on and that are not installed: as packages to download.
   * Needed where tools were unpacked without their dependencies.
   */
  async missingLibraryPackages(names: readonly string[]): Promise<string[]> {
    const result = await this.apt(
      'apt-cache',
      [
        'depends',
        '--recurse',
        '--no-recommends',
        '--no-suggests',
        '--no-conflicts',
        '--no-breaks',
        '--no-replaces',
        '--no-enhances',
        ...names,
      ],
      names,
    );
    const closure = result.stdout
      .toString('utf8')
      .split('\n')
      .filter((line) => /^lib\S+$/.test(line));
    const missing: string[] = [];
    for (const name of closure) {
      const status = await runCommand('dpkg-query', ['-s', name], {
        timeoutMs: 20_000,
        acceptFailure: true,
        ...this.signal(),
      });
      const installed = /^Status: .* installed$/m.test(status.stdout.toString('utf8'));
      if (!installed && !this.isUnpacked(name)) missing.push(name);
    }
    return missing;
  }

  /** Downloads and unpacks packages that are not yet in the cache. Throws UserError where that cannot be done. */
  async unpack(names: readonly string[]): Promise<void> {
    const wanted = names.filter((name) => !this.isUnpacked(name));
    if (wanted.length === 0) return;
    const work = await mkdtemp(join(this.directory, '.download-'));
    try {
      this.options.onProgress?.(`downloading ${wanted.join(', ')}`);
      await this.apt('apt-get', ['download', ...wanted], wanted, work);
      for (const file of (await readdir(work)).filter((entry) => entry.endsWith('.deb'))) {
        const target = join(work, 'unpacked');
        await runCommand('dpkg-deb', ['-x', join(work, file), target], {
          timeoutMs: APT_TIMEOUT_MS,
          missingRemedy: 'install dpkg',
          ...this.signal(),
        });
        const final = join(this.directory, file.replace(/\.deb$/, ''));
        await rm(final, { recursive: true, force: true });
        await rename(target, final);
      }
    } catch (error) {
      throw cacheFault(error, this.directory);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
    await this.readRoots();
  }

  private isUnpacked(name: string): boolean {
    return this.roots.some((root) => root.startsWith(join(this.directory, `${name}_`)));
  }

  private async readRoots(): Promise<void> {
    const entries = (await readdir(this.directory)).filter((entry) => !entry.startsWith('.'));
    this.roots = [
      '/',
      ...entries
        .sort()
        .reverse()
        .map((entry) => join(this.directory, entry)),
    ];
  }

  private signal(): { signal?: AbortSignal } {
    return this.options.signal === undefined ? {} : { signal: this.options.signal };
  }

  private async apt(
    program: string,
    args: readonly string[],
    names: readonly string[],
    cwd?: string,
  ) {
    try {
      return await runCommand(program, args, {
        timeoutMs: APT_TIMEOUT_MS,
        missingRemedy:
          'the Xen testbed takes its parts from Debian packages: use Debian 12 (or a container of it)',
        ...(cwd === undefined ? {} : { cwd }),
        ...this.signal(),
      });
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      throw new UserError(
        `${program} could not get ${names.join(' ')}: ${lastError(error.stderr)}`,
        {
          remedy: `apt-get update, then try again; or ${installLine(names)}`,
          cause: error,
        },
      );
    }
  }
}

function lastError(text: string): string {
  const lines = text.split('\n').filter((line) => line.startsWith('E:'));
  return lines.at(-1) ?? text.trim().split('\n').at(-1) ?? 'no reason given';
}
