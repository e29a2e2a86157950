import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { checkAgentVersions } from '../../../lib/commands/doctor/agent-versions.ts';
import { providerFor } from '../../../lib/providers/registry.ts';
import { writeFiles } from '../../support/prepare-scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const home = useTemporaryHome();

async function pinned(template: string): Promise<string> {
  const { dockerfile = '' } = await providerFor(template, '/nowhere');
  return /^ARG AGENT_VERSION=(\S+)$/m.exec(await readFile(dockerfile, 'utf8'))?.[1] ?? '';
}

it('an agent with a newer version than the pinned one is a warning that names both', async () => {
  const version = await pinned('claude');
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  const [claude, ...others] = await checkAgentVersions('/nowhere', async () => '99.0.0');
  expect(claude).toMatchObject({
    name: 'claude',
    status: 'warning',
    detail: `${version}; 99.0.0 is the newest`,
  });
  expect(others.map(({ name }) => name)).toEqual(['codex', 'pi']);
});

it('an operator’s own provider is checked too, and a broken one is a problem rather than the end', async () => {
  await writeFiles(home.path, {
    'home/contrib/mine/provider.ts': 'export default { command: ["x"], npmPackage: "my-agent" };',
    'home/contrib/mine/Dockerfile': 'FROM scratch\nARG AGENT_VERSION=1.2.3\n',
    'home/contrib/odd/provider.ts': 'export default 1;',
  });
  const checks = await checkAgentVersions(`${home.path}/home`, async () => '2.0.0');
  expect(checks.find(({ name }) => name === 'mine')?.detail).toBe('1.2.3; 2.0.0 is the newest');
  expect(checks.find(({ name }) => name === 'odd')).toMatchObject({ status: 'problem' });
});

it('an agent at its newest version is fine', async () => {
  const version = await pinned('claude');
  const [claude] = await checkAgentVersions('/nowhere', async () => version);
  expect(claude).toEqual({ name: 'claude', status: 'ok', detail: `${version}, the newest` });
});

it('without the registry, the pinned version is shown with the reason, and nothing fails', async () => {
  const unreachable = () => Promise.reject(new Error('no network'));
  const checks = await checkAgentVersions('/nowhere', unreachable);
  expect(checks.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok']);
  expect(checks[0]?.detail).toContain('npm could not be asked for a newer version (no network)');
});
