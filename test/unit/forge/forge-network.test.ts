import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { makeSshKeyPair } from '../../../lib/deploy-keys/openssh-key.ts';
import { BottleError } from '../../../lib/errors.ts';
import { ForgeClient } from '../../../lib/forge/forge-client.ts';
import type { Patience } from '../../../lib/forge/retry.ts';
import { accessTo } from '../../support/forge/forge-access.ts';
import { ADMIN_TOKEN, StandInForge } from '../../support/forge/stand-in-forge.ts';

let forge: StandInForge;
beforeEach(async () => {
  for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']) vi.stubEnv(name, '');
  forge = await new StandInForge('github', 'team/kit').start();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await forge.stop();
});

const NEW_KEY = { title: 'one', mayWrite: false, publicKey: makeSshKeyPair('').publicKey };

async function client(patience: Partial<Patience> = {}, roots: string | undefined = forge.roots) {
  const place = { forge: 'github', apiUrl: forge.apiUrl, repository: 'team/kit' } as const;
  return new ForgeClient(place, await accessTo(roots, patience));
}

async function errorOf(work: Promise<unknown>): Promise<BottleError> {
  const error = await work.catch((thrown: unknown) => thrown);
  if (!(error instanceof BottleError)) throw new Error(`no BottleError: ${String(error)}`);
  return error;
}

it('after a hang, creating and revoking succeed at the second try', async () => {
  const patient = await client({ totalMs: 1_500 });
  forge.faults.push({ instead: 'hang' });
  expect(await patient.createKey(NEW_KEY)).toEqual({ keyId: 41 });
  forge.faults.push({ instead: 'hang' });
  await patient.deleteKey(41);
  expect(forge.titles).toEqual([]);
});

it('a forge that never answers is given up, and what it did is not certain', async () => {
  forge.always = { after: 'hang' };
  const error = await errorOf((await client({ totalMs: 1_500, tries: 2 })).createKey(NEW_KEY));
  expect(error.message).toMatch(/^GitHub at localhost:\d+ cannot be reached: no answer within 1.5 s$/);
  // One request to register it, and two to find it.
  expect(forge.seen.map((line) => line.split(' ')[0])).toEqual(['POST', 'GET', 'GET']);
  expect(forge.titles).toEqual(['one']);
});

it('a forge with a CA that is not trusted is sent nothing, and the error says what to do', async () => {
  const creation = await (await client({}, '/dev/null')).createKey(NEW_KEY);
  expect(creation).toMatchObject({
    refused: { hint: 'Add the CA of the forge to the PEM file that NODE_EXTRA_CA_CERTS names.' },
  });
  expect(forge.seen).toEqual([]);
});

it.each([301, 302, 307, 308])('the token follows no redirect: %i', async (status) => {
  const other = await new StandInForge('github', 'team/kit').start();
  try {
    forge.always = { instead: { status, headers: { location: `${other.apiUrl}/repos/team/kit/keys` } } };
    const error = await errorOf((await client()).findKey('one'));
    expect(error.message).toContain(`redirects to ${other.apiUrl}/repos/team/kit/keys`);
    expect(error.hint).toContain('correct its `url`');
    await expect((await client()).deleteKey(41)).rejects.toThrow('redirects to');
    expect(other.seen).toEqual([]);
  } finally {
    await other.stop();
  }
});

it('a rate limit is waited for within a bound, and then explained with the time of its end', async () => {
  const started = performance.now();
  forge.faults.push({ instead: { status: 403, headers: { 'retry-after': '1' } } });
  expect(await (await client()).findKey('one')).toBeUndefined();
  expect(performance.now() - started).toBeGreaterThan(900);

  const reset = Math.ceil(Date.now() / 1000) + 3600;
  const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) };
  forge.always = { instead: { status: 403, headers, body: { message: 'API rate limit exceeded' } } };
  const creation = await (await client()).createKey(NEW_KEY);
  const time = new Date(reset * 1000).toISOString().slice(0, 17);
  expect(creation).toMatchObject({
    refused: { message: expect.stringContaining(`allows no more requests until ${time}`) },
  });
  expect(forge.seen).toHaveLength(3);
});

it('lists without end are given up', async () => {
  const link = '<https://localhost/>; rel="next"';
  forge.always = { instead: { status: 200, headers: { link }, body: [{ id: 1, title: 'x' }] } };
  await expect((await client()).findKey('one')).rejects.toThrow('lists keys without end');
});

it('an interrupted launch waits for no further try, but for the response to what it has sent', async () => {
  const interrupt = new AbortController();
  const place = { forge: 'github', apiUrl: forge.apiUrl, repository: 'team/kit' } as const;
  const access = { ...(await accessTo(forge.roots, { backoffMs: 60_000, maxWaitMs: 60_000 })) };
  const interruptible = new ForgeClient(place, { ...access, signal: interrupt.signal });
  forge.onAdd = async () => interrupt.abort();
  expect(await interruptible.createKey(NEW_KEY)).toEqual({ keyId: 41 });
  forge.always = { instead: { status: 502 } };
  await expect(interruptible.deleteKey(41)).rejects.toMatchObject({ name: 'AbortError' });
});

it('a forge that repeats the token is not repeated', async () => {
  const message = `Bad token\n\u001b[31m${ADMIN_TOKEN} ${'x'.repeat(5000)}`;
  forge.always = { instead: { status: 401, body: { message } } };
  const error = await errorOf((await client()).findKey('one'));
  expect(error.message).toContain('Bad token');
  expect(`${error.message} ${error.hint} ${error.stack}`).not.toContain(ADMIN_TOKEN);
  expect(error.message.length).toBeLessThan(500);
});
