import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Finished, KIT, type Sandbox, useSandboxes } from '../support/kit.ts';
import { leafOf } from '../support/leaf.ts';

const sandbox = useSandboxes();
/** Forwarded from the operator's environment; made up here, so that no file of the kit holds it. */
const SECRET = ['needle', 'in', 'the', 'guest', process.pid].join('-');
const BUNDLE = '/etc/ssl/certs/ca-certificates.crt';

describe.each(['0.8.0', '1.9.3'])('with smolvm %s', (version) => {
  let user: Sandbox;
  let slug: string;
  /** The last line of the first CA's certificate, which no other has. */
  let firstCa: string;

  const run = (script: string, args: readonly string[] = []): Promise<Finished> =>
    user.run(script, ['--bottle', slug, ...args], { SECRET });
  const state = (...path: string[]) => join(user.home, 'state', slug, ...path);
  const committed = async () => JSON.parse(await readFile(state('committed.json'), 'utf8'));

  async function inGuest(script: string): Promise<string> {
    const { exitCode, stdout, stderr } = await run('exec', ['--', 'sh', '-c', script]);
    expect(exitCode, stderr).toBe(0);
    return stdout;
  }

  /** Puts a program into the guest that serves with the CA that the bottle has now, and connects to that. */
  async function keepServerOfFirstCa(): Promise<void> {
    const [certificatePem = '', privateKeyPem = ''] = await Promise.all(
      ['egress-ca-cert.pem', join('egress-ca', 'ca.pem')].map((name) => readFile(state(name), 'utf8')),
    );
    const leaf = leafOf({ certificatePem, privateKeyPem }, 'localhost', { lifetimeMs: 3_600_000 });
    const script = `
import { connect, createServer } from 'node:tls';
const server = createServer(${JSON.stringify(leaf)}, (socket) => socket.end()).listen(0, '127.0.0.1', () => {
  const end = (text) => { console.log(text); process.exit(); };
  connect({ port: server.address().port, host: '127.0.0.1', servername: 'localhost' }, () => end('trusted'))
    .on('error', ({ code }) => end(code));
});`;
    await inGuest(`printf %s '${Buffer.from(script).toString('base64')}' | base64 -d > ~/old.mjs`);
  }

  beforeAll(async () => {
    user = sandbox();
    user.smolvm = join(KIT, 'smolvm-fakes', 'bin', `smolvm-${version}`);
    // After the resume, the agent shows what is there.
    const show = `cat ~/note; stat -c %U:%a ~/note; sed -n '/END/{x;p};h' ${BUNDLE}; node ~/old.mjs; test -n "$S"`;
    await user.writeAgent('keeper', ['sh', '-c', show], `env:\n  S: "\${SECRET}"\n`);
    slug = (await user.run('prepare', ['--agent', 'keeper'], { SECRET })).stdout.trim();
    const { exitCode, stderr } = await run('up');
    expect(exitCode, stderr).toBe(0);
    firstCa = lastLineOf(await readFile(state('egress-ca-cert.pem'), 'utf8'));
    await keepServerOfFirstCa();
    expect(await inGuest('node ~/old.mjs')).toBe('trusted\n');
  });
  afterAll(async () => {
    await run('teardown', ['--discard']);
    if (version === '0.8.0')
      await execa('docker', ['image', 'rm', `bot-bottle-committed-${slug}`], { reject: false });
  });

  // Packing comes after what these look at, and takes long.
  const isQuick = version === '1.9.3';

  it.runIf(isQuick)(
    'a freeze that is interrupted or killed leaves no freeze, and nothing that stops the next one',
    async () => {
      for (const signal of ['SIGINT', 'SIGKILL'] as const) {
        const freeze = user.start('freeze', ['--bottle', slug], { SECRET });
        await vi.waitFor(() => expect(existsSync(state('freezing', 'image.tar'))).toBe(true), 30_000);
        freeze.child.kill(signal);
        const { exitCode } = await freeze.finished;
        expect(exitCode).toBe(signal === 'SIGINT' ? 130 : -1);
        expect(existsSync(state('committed.json'))).toBe(false);
        expect(existsSync(state('freezing'))).toBe(signal === 'SIGKILL');
      }
    },
  );

  it('freezes a guest that is being written to, which runs on, without its secrets and its CA', async () => {
    await inGuest(
      'echo kept > ~/note; chmod 640 ~/note; (while :; do date >> ~/log; sleep 0.02; done) > /dev/null 2>&1 &',
    );
    const { exitCode, stderr } = await run('freeze');
    expect(exitCode, stderr).toBe(0);
    await inGuest('tail -n 1 ~/log');
    expect(existsSync(state('freezing'))).toBe(false);
    // One copy on the disk, and its names.
    const own = (await readdir(state())).filter((name) => name.startsWith('committed'));
    expect(own.length).toBe(version === '0.8.0' ? 5 : 3);

    const { file, image, bytes } = await committed();
    const archive = version === '0.8.0' ? ['docker', 'save', image.reference] : ['cat', state(file)];
    for (const needle of [SECRET, firstCa]) {
      const found = await execa('sh', ['-c', '"$@" | grep -a -c -F -- "$NEEDLE"', 'sh', ...archive], {
        env: { NEEDLE: needle },
        reject: false,
      });
      expect(found.stdout).toBe('0');
    }
    expect(bytes).toBeGreaterThan(1_000_000);
  });

  // The search is the same, and packing is slow.
  it.runIf(version === '1.9.3')(
    'names the file that holds a secret, and replaces the freeze before',
    async () => {
      const before = await committed();
      await inGuest(`printf 'token=%s' "$S" > ~/leak`);
      const { exitCode, stdout, stderr } = await run('freeze', ['--json']);
      expect(exitCode, stderr).toBe(0);
      expect(JSON.parse(stdout).secrets).toEqual([
        { path: '/home/node/leak', kinds: ['a secret of this bottle'] },
        { path: '/home/node/old.mjs', kinds: ['private-key'] },
      ]);
      expect(stderr).toContain('/home/node/leak holds what looks like a secret');
      expect(stdout + stderr).not.toContain(SECRET);
      expect([existsSync(state(before.file)), existsSync(state((await committed()).file))]).toEqual([
        false,
        true,
      ]);
    },
  );

  // Links and files are the same in the other tier, and each guest takes long there.
  it.runIf(version === '1.9.3')(
    'forks run beside it from the same freeze, each with a CA of its own',
    async () => {
      const { exitCode, stdout, stderr } = await run('fork', ['--last', '--count', '1', '--json']);
      expect(exitCode, stderr).toBe(0);
      const forks: string[] = JSON.parse(stdout);
      expect(new Set([...forks, slug]).size).toBe(2);
      const cas = await Promise.all(
        [...forks, slug].map((name) =>
          readFile(join(user.home, 'state', name, 'egress-ca-cert.pem'), 'utf8'),
        ),
      );
      expect(new Set(cas).size).toBe(2);
      const [one = ''] = forks;
      const inFork = (name: string, script: string) =>
        user.run('exec', ['--bottle', name, '--', 'sh', '-c', script], { SECRET });
      await inFork(one, 'echo changed > ~/note');
      expect(await inGuest('cat ~/note')).toBe('kept\n');
      const { stdout: listed } = await user.run('status', ['--json']);
      const parents = JSON.parse(listed).map((bottle: { parent: string }) => bottle.parent);
      expect(parents.toSorted()).toEqual(['', slug]);
      for (const name of forks) await user.run('teardown', ['--bottle', name, '--discard']);
      // What they were made of is still the parent's.
      expect(existsSync(state((await committed()).file))).toBe(true);
    },
  );

  it.runIf(version === '1.9.3')(
    'moves to another machine, whose smolvm is older, without secrets',
    async () => {
      const file = join(user.root, `moved-${Date.now()}.tar.zst`);
      const { exitCode, stderr } = await run('export', ['--last', '--file', file]);
      expect(exitCode, stderr).toBe(0);
      const again = await run('export', ['--last', '--file', file]);
      expect([again.exitCode, again.stderr]).toEqual([2, expect.stringContaining('exists already')]);
      const texts = await execa('tar', ['--zstd', '-xOf', file, 'bottle.json']);
      expect(texts.stdout).not.toMatch(new RegExp(`${SECRET}|${user.root}|env_file`));

      const other = sandbox();
      await other.writeAgent(
        'keeper',
        ['sh', '-c', 'cat ~/note; stat -c %U:%a ~/note'],
        `env:\n  S: "\${SECRET}"\n`,
      );
      // Both machines have the same engine here, on which a name is taken.
      const imported = await other.run('import', ['--file', file, '--label', 'moved']);
      expect(imported.exitCode, imported.stderr).toBe(0);
      expect(imported.stderr).toContain('make resume BOTTLE=moved');
      const twice = await other.run('import', ['--file', file, '--label', 'moved']);
      expect([twice.exitCode, twice.stderr]).toEqual([2, expect.stringContaining('already exists')]);
      const resumed = await other.run('resume', ['--bottle', 'moved', '--yes'], { SECRET });
      expect(resumed.exitCode, resumed.stderr).toBe(0);
      expect(resumed.stdout).toBe('kept\nnode:640\n');
      const gone = await other.run('forget', ['--bottle', 'moved']);
      expect([gone.exitCode, await other.bottles()]).toEqual([0, []]);
    },
  );

  it('cannot be resumed while it is up', async () => {
    const { exitCode, stderr } = await run('resume', ['--yes']);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('is up already')]);
  });

  it('continues from the freeze with new trust, and its state stays', async () => {
    const stopped = await run('stop');
    expect(stopped.stderr).toContain(`make resume BOTTLE=${slug}`);
    expect(existsSync(state('egress-ca'))).toBe(false);
    const { exitCode, stdout, stderr } = await run('resume', ['--yes']);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/^kept\nnode:640\n/);
    const secondCa = lastLineOf(await readFile(state('egress-ca-cert.pem'), 'utf8'));
    expect(stdout).toContain(secondCa);
    expect(stdout).not.toContain(firstCa);
    expect(stdout).toContain('UNABLE_TO_VERIFY_LEAF_SIGNATURE\n');
    expect(secondCa).not.toBe(firstCa);
    expect(existsSync(state('committed.json'))).toBe(true);
  });

  it.runIf(isQuick)('says so when the frozen guest is gone, and builds the image', async () => {
    const { file } = await committed();
    await execa('rm', [state(file)]);
    const { exitCode, stdout, stderr } = await run('resume', ['--yes']);
    expect(stderr).toContain('its frozen guest is missing or damaged');
    expect(stdout).not.toContain('kept');
    expect(exitCode).toBe(0);
  });
});

function lastLineOf(pem: string): string {
  return pem.trim().split('\n').at(-2) ?? '';
}
