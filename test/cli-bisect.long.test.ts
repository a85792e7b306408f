import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ProgramCopy } from './cli/program-copy.js';
import { readJson } from './cli/results-text.js';
import { startCommand, temporaryFolder } from './cli/spawn-program.js';

const COMMITS = 8;
/** The commit that makes VMEXITs dearer, and one before it that changes nothing that is asked for. */
const BAD = 5;
const HARMLESS = 3;

const RUN =
  'ping-pong -t v4v --message-size 64 --messages 200 --no-harness --quiet --profile mine.json';

describe('interdom bisect', () => {
  it('finds the commit that made a figure worse, with git bisect run', async () => {
    const program = new ProgramCopy(temporaryFolder());
    const repository = temporaryFolder();
    const away = temporaryFolder();
    const git = async (...words: string[]): Promise<string> => {
      const identity = ['-c', 'user.name=T', '-c', 'user.email=t@example.org'];
      const { ended } = startCommand('git', [...identity, ...words], { cwd: repository });
      const { code, stdout, stderr } = await ended;
      assert.equal(code, 0, `git ${words.join(' ')}: ${stderr}${stdout}`);
      return stdout.trim();
    };
    await git('init', '--quiet', '--initial-branch=main');
    const commits: string[] = [];
    for (let i = 1; i <= COMMITS; i++) {
      writeFileSync(join(repository, 'mine.json'), profileOf(i));
      // A commit that does not build: it can be neither good nor bad.
      writeFileSync(join(repository, 'build.sh'), i === 6 ? 'exit 1\n' : 'exit 0\n');
      await git('add', '.');
      await git('commit', '--quiet', '--allow-empty', '-m', `commit ${i}`);
      commits.push(await git('rev-parse', 'HEAD'));
      if (i === 1) {
        const good = join(away, 'good.json');
        const { code, stderr } = await program.run(
          ['run', ...RUN.split(' '), '-o', good],
          repository,
        );
        assert.equal(code, 0, stderr);
      }
    }
    const good = join(away, 'good.json');
    const [cell] = readJson(good).cells;
    const script = join(away, 'bisect.sh');
    const made = await program.run(
      [
        'bisect',
        `${cell?.id}:latencyNsP50`,
        '--baseline',
        good,
        '--build',
        'sh build.sh',
        '--program',
        `${process.execPath} ${program.main}`,
        '--profile',
        'mine.json',
        '--output',
        script,
      ],
      repository,
    );
    assert.equal(made.code, 0, made.stderr);
    assert.match(readFileSync(script, 'utf8'), /^#!\/bin\/sh\n/);
    await git('bisect', 'start', 'HEAD', commits[0] as string);
    const said = await git('bisect', 'run', 'sh', script);
    assert.match(said, new RegExp(`${commits[BAD - 1]} is the first bad commit`));
    await git('bisect', 'reset');
  });

  it('refuses what the reference does not hold, and names what is near', async () => {
    const program = new ProgramCopy(temporaryFolder());
    const cwd = temporaryFolder();
    await program.run(['run', ...RUN.split(' ').slice(0, -2), '--output', 'good.json'], cwd);
    const { code, stderr } = await program.run(
      ['bisect', '*/ping-pong/*', '--baseline', 'good.json'],
      cwd,
    );
    assert.equal(code, 2);
    assert.match(stderr, /try: did you mean model\/skylake-2017\/v4v\/ping-pong\//);
  });
});

/** A profile whose VMEXITs become dearer at one commit; another commit changes a price of grants. */
function profileOf(commit: number): string {
  return JSON.stringify({
    name: 'mine',
    like: 'skylake-2017',
    prices: {
      vmexit: { value: commit >= BAD ? 700 : 676 },
      grantMap: { value: commit >= HARMLESS ? 1000 : 1066 },
    },
  });
}
