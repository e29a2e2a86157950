import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import type { UndoAction } from '../../../lib/bottle/journal.ts';
import { bottlePaths } from '../../../lib/bottle/paths.ts';
import { stageGitFiles } from '../../../lib/bundle/git-files.ts';
import { runArguments } from '../../../lib/bundle/launch-spec.ts';
import { isMissing } from '../../../lib/host/files.ts';
import { undo } from '../../../lib/phases/undo.ts';
import type { Plan } from '../../../lib/plan/schema.ts';
import { PLAIN_SECURITY } from '../../support/plain-security.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const SLUG = 'demo-a1b2c';
const home = useTemporaryHome();

function planOf(git: Plan['git'], daemons: Plan['daemons']): Plan {
  const egress: Plan['egress'] = { routes: [], log: 0, learn: false, tokens: {} };
  const names = { machine: 'm', network: 'n', bundle: 'b' };
  return { slug: SLUG, names, git, egress, daemons } as Plan;
}

const repo = (name: string, extraHosts: Record<string, string> = {}): Plan['git'][number] => ({
  ...{
    name,
    url: `ssh://git@h.example/${name}`,
    scheme: 'ssh' as const,
    user: 'git',
    host: 'h.example',
    port: 22,
    path: `/${name}`,
  },
  ...{
    hostKey: 'ssh-ed25519 AAAA',
    key: { kind: 'static' as const, file: join(home.path, 'key') },
    push: false,
    extraHosts,
  },
});

const WITH_GATE: Plan['daemons'] = ['selftest', 'egress', 'git-gate', 'git-http'];

async function argumentsOf(plan: Plan): Promise<string[]> {
  await mkdir(bottlePaths.egress(SLUG), { recursive: true });
  const allocation = { alias: '127.0.0.16', network: 'n' };
  return runArguments({
    plan,
    allocation,
    certs: { directory: '/ca' },
    image: 'image',
    security: PLAIN_SECURITY,
  });
}

const after = (args: readonly string[], flag: string) => args.filter((_, index) => args[index - 1] === flag);

it('a bundle with a gate publishes git-http alone, and may write only the mirrors and the audit', async () => {
  const hosts = { 'h.example': '10.0.0.5', 'six.example': 'fd00::7' };
  const args = await argumentsOf(planOf([repo('kit', hosts), repo('docs', hosts)], WITH_GATE));
  expect(after(args, '--publish')).toEqual(['127.0.0.16::9099', '127.0.0.16::9420']);
  expect(after(args, '--add-host')).toEqual(['h.example:10.0.0.5', 'six.example:fd00::7']);
  const mounts = after(args, '--mount');
  expect(mounts).toContain(
    `type=bind,source=${bottlePaths.gitGate(SLUG)},target=/etc/bot-bottle/git,readonly`,
  );
  expect(mounts.filter((mount) => !mount.endsWith(',readonly'))).toEqual([
    `type=bind,source=${bottlePaths.audit(SLUG)},target=/var/log/bot-bottle`,
    `type=bind,source=${bottlePaths.gitMirrors(SLUG)},target=/var/lib/bot-bottle/git`,
  ]);
});

it('a bundle without repositories has nothing of the gate', async () => {
  const args = await argumentsOf(planOf([], ['selftest', 'egress']));
  expect(args.join(' ')).not.toMatch(/git|9420|passwd|--add-host/);
});

it('keys are the owner’s alone, are in the journal before they are written, and go with it', async () => {
  await writeFile(join(home.path, 'key'), 'PRIVATE', { mode: 0o644 });
  const keys = join(bottlePaths.gitGate(SLUG), 'keys');
  const exists = (path: string) =>
    stat(path).then(
      () => true,
      (error: unknown) => !isMissing(error),
    );
  const actions: UndoAction[] = [];
  await stageGitFiles(planOf([repo('kit')], WITH_GATE), async (action) => {
    if (action.kind === 'path') expect(await exists(action.path)).toBe(false);
    actions.push(action);
  });
  const [ofKey, ofKeys] = await Promise.all([stat(join(keys, 'kit')), stat(keys)]);
  expect([ofKey.mode & 0o777, ofKeys.mode & 0o777]).toEqual([0o600, 0o700]);
  expect(await readFile(join(keys, 'kit'), 'utf8')).toBe('PRIVATE');
  for (const action of actions.reverse()) await undo(SLUG, action);
  expect(await exists(keys)).toBe(false);
  expect(await exists(bottlePaths.gitMirrors(SLUG))).toBe(false);
});

it('a deploy key that was made before stays as it is', async () => {
  const file = join(bottlePaths.gitGate(SLUG), 'keys', 'kit');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, 'MINTED', { mode: 0o600 });
  await writeFile(join(home.path, 'key'), 'PRIVATE');
  const place = { apiUrl: 'https://h.example/api/v1', repository: 'team/kit', variable: 'T' };
  const kit = { ...repo('kit'), key: { kind: 'deploy' as const, forge: 'gitea' as const, ...place } };
  await stageGitFiles(planOf([kit, repo('docs')], WITH_GATE), async () => {});
  expect(await readFile(file, 'utf8')).toBe('MINTED');
});

it('a key that has gone since the launch was prepared is named', async () => {
  const staging = stageGitFiles(planOf([repo('kit')], WITH_GATE), async () => {});
  await expect(staging).rejects.toMatchObject({
    code: 'key-unusable',
    message: expect.stringMatching(/git-gate\.repos\.kit: the key .* cannot be read/),
  });
});

it('the container knows a name for the user that ssh runs as', async () => {
  await writeFile(join(home.path, 'key'), 'PRIVATE');
  await stageGitFiles(planOf([repo('kit')], WITH_GATE), async () => {});
  const passwd = await readFile(join(bottlePaths.gitGate(SLUG), 'passwd'), 'utf8');
  expect(passwd).toMatch(new RegExp(`^\\w+:x:${process.getuid?.()}:`, 'm'));
});
