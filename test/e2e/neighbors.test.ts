import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { isProcessAlive } from '../../lib/host/process-identity.ts';
import { type Sandbox, useSandboxes } from '../support/kit.ts';

const sandbox = useSandboxes();

/** Where smolvm keeps a machine's files. */
function folderOf(user: Sandbox, slug: string): string {
  const key = createHash('sha256').update(`bot-bottle-${slug}`).digest('hex').slice(0, 16);
  return join(user.root, '.cache', 'smolvm', 'vms', key);
}

async function processOf(folder: string): Promise<{ pid: number; started: string }> {
  const [pid = '', started = ''] = (await readFile(join(folder, 'agent.pid'), 'utf8')).trim().split('\n');
  return { pid: Number(pid), started };
}

async function prepared(user: Sandbox, label: string): Promise<string> {
  await user.writeAgent('dev', ['true']);
  const { exitCode, stdout, stderr } = await user.run('prepare', ['--agent', 'dev', '--label', label]);
  expect(exitCode, stderr).toBe(0);
  return stdout.trim();
}

const networks = async (slug: string) =>
  (await execa('docker', ['network', 'ls', '--quiet', '--filter', `name=^bot-bottle-bundle-${slug}$`]))
    .stdout;

it('a bottle of one home survives cleanup and the same label in another home of the same user', async () => {
  const user = sandbox();
  const label = `neighbor ${process.pid}`;
  const slug = await prepared(user, label);
  const { exitCode, stderr } = await user.run('up', ['--bottle', slug]);
  expect(exitCode, stderr).toBe(0);

  const home = { BOT_BOTTLE_HOME: join(user.root, 'other-home') };
  const cleaned = await user.run('cleanup', ['--dry-run', '--all'], home);
  expect(cleaned.exitCode, cleaned.stderr).toBe(0);
  expect(cleaned.stdout).not.toContain(slug);
  await execa('cp', ['-r', user.home, home.BOT_BOTTLE_HOME]);
  await execa('rm', ['-r', join(home.BOT_BOTTLE_HOME, 'state')]);
  const same = await user.run('prepare', ['--agent', 'dev', '--label', label], home);
  expect([same.exitCode, same.stderr]).toEqual([2, expect.stringContaining('belongs to another bottle')]);
  const alive = await user.run('exec', ['--bottle', slug, '--', 'echo', 'alive']);
  expect(alive.stdout).toBe('alive\n');

  // Of teardowns at once, one does the work, and the others find nothing to do.
  const ends = await Promise.all([1, 2, 3].map(() => user.run('teardown', ['--bottle', slug])));
  for (const end of ends) expect(end.exitCode, end.stderr).toBe(0);
  expect(await user.bottles()).toEqual([]);
  expect(await networks(slug)).toBe('');
});

it('a guest whose start was killed does not outlive its bottle', async () => {
  const user = sandbox();
  const slug = await prepared(user, `ghost ${process.pid}`);
  const { exitCode } = await user.run('up', ['--bottle', slug], { SMOLVM_FAKE_FAULTS: 'start:die' });
  expect(exitCode).not.toBe(0);
  const guest = await processOf(folderOf(user, slug));
  expect(await isProcessAlive(guest)).toBe(true);
  const { exitCode: code, stderr } = await user.run('teardown', ['--bottle', slug]);
  expect(code, stderr).toBe(0);
  expect(await isProcessAlive(guest)).toBe(false);
  expect(existsSync(folderOf(user, slug))).toBe(false);
});

it('a teardown ends a launch that is being brought up, and nothing of it is left', async () => {
  const user = sandbox();
  const slug = await prepared(user, `halfway ${process.pid}`);
  const up = user.start('up', ['--bottle', slug]);
  await up.saw('allocate');
  const { exitCode, stderr } = await user.run('teardown', ['--bottle', slug]);
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toContain('which is bringing it up');
  expect((await up.finished).exitCode).not.toBe(0);
  expect(await readdir(join(user.home, 'state'))).toEqual([]);
  expect(await networks(slug)).toBe('');
  expect(await user.machines()).toEqual([]);
});

it('a launch whose state directory is removed takes everything down, and says what happened', async () => {
  const user = sandbox();
  await user.writeAgent('waits', ['sh', '-c', 'echo "started $((40+2))" >&2; sleep 60']);
  const launch = user.start('launch', ['--agent', 'waits']);
  await launch.saw('started 42');
  const [slug = ''] = await user.bottles();
  const other = join(user.home, 'state', 'half-made');
  await execa('rm', ['-r', join(user.home, 'state', slug)]);
  await execa('mkdir', ['-p', join(other, 'phases')]);
  // A record that cannot be read must not stop the cleanup.
  await writeFile(join(other, 'phases', 'build-image.json'), '{');
  launch.child.kill('SIGTERM');
  const { exitCode, stderr } = await launch.finished;
  expect(exitCode, stderr).not.toBe(0);
  expect(stderr).toContain('was removed while it ran');
  expect([await user.machines(), await networks(slug)]).toEqual([[], '']);
  const containers = await execa('docker', ['ps', '--all', '--quiet', '--filter', `name=${slug}`]);
  expect(containers.stdout).toBe('');
  const { stdout } = await user.run('cleanup', ['--yes']);
  expect(stdout).toContain('bottle half-made');
  expect(await user.bottles()).toEqual([]);
});
