import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openForge } from '../../../lib/deploy-keys/open-forge.ts';
import { makeSshKeyPair } from '../../../lib/deploy-keys/openssh-key.ts';
import { BottleError } from '../../../lib/errors.ts';
import { ForgeClient } from '../../../lib/forge/forge-client.ts';
import { FORGES, type Forge } from '../../../lib/forge/forges.ts';
import { errorText } from '../../../lib/terminal/error-text.ts';
import { accessTo } from '../../support/forge/forge-access.ts';
import type { Reply } from '../../support/forge/rules.ts';
import { READ_TOKEN, StandInForge } from '../../support/forge/stand-in-forge.ts';

const NEW_KEY = { title: 'one', mayWrite: false, publicKey: makeSshKeyPair('').publicKey };

beforeEach(() => vi.stubEnv('NO_COLOR', '1'));
afterEach(() => vi.unstubAllEnvs());

/** Returns the error of `work` as users see it, without what is different in each run. */
async function textOf(work: () => Promise<unknown>): Promise<string> {
  const outcome = await work().catch((thrown: unknown) => thrown);
  const isRefused = typeof outcome === 'object' && outcome !== null && 'refused' in outcome;
  const error = isRefused ? outcome.refused : outcome;
  if (!(error instanceof BottleError)) throw new Error(`no BottleError: ${String(error)}`);
  expect([error.code, error.exitCode]).toEqual(
    error.code === 'forge-failed' ? ['forge-failed', 76] : ['variable-missing', 69],
  );
  return errorText(error)
    .replaceAll(/localhost:\d+/g, 'FORGE')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME');
}

/** What each forge itself says. */
async function ofForge(kind: Forge): Promise<string[]> {
  const repository = kind === 'gitlab' ? 'group/sub/kit' : 'team/kit';
  const forge = await new StandInForge(kind, repository).start();
  const clientOf = async (options: { token?: string; at?: string; url?: string } = {}) => {
    const { token, at = repository, url = forge.apiUrl } = options;
    const access = await accessTo(forge.roots, token === undefined ? {} : { token });
    return new ForgeClient({ forge: kind, apiUrl: url, repository: at }, access);
  };
  const create = async (options?: Parameters<typeof clientOf>[0], key = NEW_KEY) =>
    (await clientOf(options)).createKey(key);
  const answering = (reply: Reply) => async () => {
    forge.faults.push({ instead: reply });
    return create();
  };
  const cases: Record<string, () => Promise<unknown>> = {
    'a wrong token': () => create({ token: 'wrong' }),
    'a token that may not': () => create({ token: READ_TOKEN }),
    'another repository': () => create({ at: 'team/other' }),
    'a key that is registered': () => create(),
    'a bad key': () => create({}, { ...NEW_KEY, title: 'bad', publicKey: 'ssh-ed25519 x' }),
    'another API': () => create({ url: `${forge.apiUrl}x` }),
    ...(kind === 'gitea'
      ? {
          'a title that is taken': () => create({}, { ...NEW_KEY, publicKey: makeSshKeyPair('').publicKey }),
          'SSH disabled': answering({ status: 422, body: { message: 'SSH is disabled' } }),
        }
      : {}),
    ...(kind === 'github'
      ? {
          'deploy keys that the organization forbids': answering({
            status: 422,
            body: { message: 'Deploy keys are disabled for this repository' },
          }),
          'a rate limit': async () => {
            forge.faults.push(
              ...Array.from({ length: 3 }, () => ({
                instead: { status: 429, headers: { 'retry-after': '3600' }, body: { message: 'slow down' } },
              })),
            );
            return create();
          },
        }
      : {}),
  };
  const sections: string[] = [];
  try {
    await create();
    for (const [title, work] of Object.entries(cases)) {
      sections.push(`## ${kind}: ${title}\n\n${await textOf(work)}\n`);
    }
  } finally {
    await forge.stop();
  }
  return sections;
}

/** What is the same with all of them. */
async function ofAny(): Promise<string[]> {
  const forge = await new StandInForge('gitea', 'team/kit').start();
  const { apiUrl, roots } = forge;
  const place = { forge: 'gitea', apiUrl, repository: 'team/kit', variable: 'FORGE_TOKEN' } as const;
  const create = async (options = {}, from: string | undefined = roots) =>
    new ForgeClient(place, await accessTo(from, options)).createKey(NEW_KEY);
  const always = (fault: StandInForge['always'], options = {}) => {
    forge.always = fault;
    return create(options);
  };
  const cases: Record<string, () => Promise<unknown>> = {
    'a certificate of an unknown CA': () => create({}, '/dev/null'),
    'no answer in time': () => always({ instead: 'hang' }, { totalMs: 100, tries: 1 }),
    'a failing server': () => always({ instead: { status: 503 } }),
    'a rate limit without a time': () => always({ instead: { status: 429 } }),
    'a redirect': () => always({ instead: { status: 302, headers: { location: 'https://x.example/' } } }),
    'a redirect to nowhere': () => always({ instead: { status: 302 } }),
    'a page instead of an API': () => always({ instead: { status: 200, body: '<html>' } }),
    'a list without end': () => {
      const headers = { 'x-total-count': '1000000' };
      forge.always = { instead: { status: 200, headers, body: [{ id: 1, title: 'x' }] } };
      return accessTo(roots).then((access) => new ForgeClient(place, access).findKey('one'));
    },
    'no token': () => openForge(place),
    'a token with a line end': () => {
      vi.stubEnv('FORGE_TOKEN', 'token\n');
      return openForge(place);
    },
  };
  const sections: string[] = [];
  for (const [title, work] of Object.entries(cases)) sections.push(`## ${title}\n\n${await textOf(work)}\n`);
  await forge.stop();
  return sections;
}

it('what forges refuse is explained, with what to do about it', async () => {
  const sections = [...(await Promise.all(FORGES.map(ofForge))).flat(), ...(await ofAny())];
  await expect(sections.join('\n')).toMatchFileSnapshot('golden/messages.txt');
});
