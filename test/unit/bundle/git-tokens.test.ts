import { afterEach, expect, it, vi } from 'vitest';
import { bundleSecretNames, bundleSecrets } from '../../../lib/bundle/secrets.ts';
import type { Plan } from '../../../lib/plan/schema.ts';

const repo = (name: string, slot: string, variable: string) =>
  ({ name, key: { kind: 'token', slot, variable } }) as Plan['git'][number];

const plan = {
  egress: { tokens: { EGRESS_TOKEN_0: 'API_TOKEN' } },
  git: [repo('kit', 'GIT_TOKEN_0', 'FORGE'), repo('docs', 'GIT_TOKEN_0', 'FORGE')],
  provider: { name: 'command' },
} as unknown as Plan;

afterEach(() => {
  vi.unstubAllEnvs();
});

it('the command line of the engine names the slots, and its environment has what the host has now', async () => {
  expect(bundleSecretNames(plan)).toContain('GIT_TOKEN_0');
  vi.stubEnv('API_TOKEN', 'a');
  for (const token of ['first', 'second']) {
    vi.stubEnv('FORGE', token);
    expect(await bundleSecrets(plan)).toMatchObject({ EGRESS_TOKEN_0: 'a', GIT_TOKEN_0: token });
  }
});

it('a token that the host does not have is refused by the name of its variable', async () => {
  vi.stubEnv('API_TOKEN', 'a');
  await expect(bundleSecrets(plan)).rejects.toThrow('the host variable FORGE is not set');
});
