import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { journal } from '../../../lib/bottle/journal.ts';
import { bottleDirectory, bottlePaths } from '../../../lib/bottle/paths.ts';
import { revokeKey } from '../../../lib/deploy-keys/revoke-key.ts';
import { strandedKeys } from '../../../lib/deploy-keys/stranded-keys.ts';
import { BottleError } from '../../../lib/errors.ts';
import { identifyProcess } from '../../../lib/host/process-identity.ts';
import { forgetBottle, teardown } from '../../../lib/phases/teardown.ts';
import { errorText } from '../../../lib/terminal/error-text.ts';
import { KeyedBottle, VARIABLE } from '../../support/forge/keyed-bottle.ts';
import { ADMIN_TOKEN, READ_TOKEN, StandInForge } from '../../support/forge/stand-in-forge.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

useTemporaryHome();
let forge: StandInForge;
beforeEach(async () => {
  forge = await new StandInForge('gitea', 'team/kit').start();
});
afterEach(() => forge.stop());

const quiet = () => {};
const exists = (path: string) => stat(path).then(Boolean, () => false);

describe('mint-keys', () => {
  it('each repository gets a key of its own, which may write only if the repository may be pushed to', async () => {
    const bottle = await KeyedBottle.prepare(forge, { kit: true, docs: false });
    const keys = await bottle.mint();
    const date = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
    expect([...forge.keys.values()].map(({ title, mayWrite }) => [title, mayWrite])).toEqual([
      [expect.stringMatching(new RegExp(`^bot-bottle ${bottle.slug} ${date} kit$`)), true],
      [expect.stringMatching(new RegExp(`^bot-bottle ${bottle.slug} ${date} docs$`)), false],
    ]);
    expect(keys.map(({ keyId, title }) => [keyId, title])).toEqual(
      [...forge.keys.values()].map(({ id, title }) => [id, title]),
    );
    expect(new Set([...forge.keys.values()].map(({ key }) => key)).size).toBe(2);
  });

  it('the private key is the owner’s alone, where the gate looks for it, and fits what was registered', async () => {
    const bottle = await KeyedBottle.prepare(forge, { kit: true });
    await bottle.mint();
    const file = join(bottlePaths.gitGate(bottle.slug), 'keys', 'kit');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const { stdout } = await execa('ssh-keygen', ['-y', '-f', file]);
    expect(stdout).toMatch(
      new RegExp(`^${[...forge.keys.values()][0]?.key.replaceAll('+', '\\+')} bot-bottle `),
    );
    const [, , , secret = 'none'] = (await readFile(file, 'utf8')).split('\n');
    expect(await bottle.filesWith(secret)).toEqual([file]);
  });

  it('without deploy keys nothing is asked and nothing is noted', async () => {
    const bottle = await KeyedBottle.prepare(forge, {});
    vi.stubEnv(VARIABLE, '');
    expect(await bottle.mint()).toEqual([]);
    expect([forge.seen, await bottle.pending()]).toEqual([[], []]);
    expect(await exists(bottlePaths.gitGate(bottle.slug))).toBe(false);
  });

  it('a second run keeps the keys; with --force, or without their files, it revokes them and makes new ones', async () => {
    const bottle = await KeyedBottle.prepare(forge, { kit: true, docs: false });
    const first = await bottle.mint();
    expect(await bottle.mint()).toEqual(first);
    const second = await bottle.mint({ force: true });
    expect(forge.titles).toEqual(second.map(({ title }) => title));
    expect(second[0]?.keyId).not.toBe(first[0]?.keyId);
    await rm(second[1]?.file ?? '');
    const third = await bottle.mint();
    expect(forge.titles).toEqual(third.map(({ title }) => title));
    expect(third[0]?.keyId).not.toBe(second[0]?.keyId);
  });

  it('when the forge refuses, there is nothing to revoke, and no token is needed for that', async () => {
    const bottle = await KeyedBottle.prepare(forge, { kit: true });
    vi.stubEnv(VARIABLE, READ_TOKEN);
    await expect(bottle.mint()).rejects.toMatchObject({ code: 'forge-failed', exitCode: 76 });
    vi.stubEnv(VARIABLE, '');
    await teardown(bottle.slug, quiet);
    await forgetBottle(bottle.slug);
    expect(forge.seen).toHaveLength(1);
  });

  it('when the forge refuses the second of two keys, teardown revokes the first', async () => {
    const bottle = await KeyedBottle.prepare(forge, { kit: true, docs: false });
    forge.onAdd = async () => {
      forge.always = { instead: { status: 422, body: { message: 'SSH is disabled' } } };
    };
    await expect(bottle.mint()).rejects.toThrow('SSH is disabled');
    expect(forge.titles).toHaveLength(1);
    forge.always = undefined;
    await teardown(bottle.slug, quiet);
    expect([forge.titles, await bottle.pending()]).toEqual([[], []]);
  });

  it('killed between the request and its response, it leaves a key that teardown finds by its title', async () => {
    const bottle = await KeyedBottle.prepare(forge, { kit: true });
    await forge.add({ title: 'of somebody else', key: 'x', mayWrite: true });
    forge.faults.push({ after: 'hang' });
    const registered = new Promise<void>((resolve) => {
      forge.onAdd = async () => resolve();
    });
    const { child, ended } = bottle.start();
    await registered;
    const argv = await readFile(`/proc/${child.pid}/cmdline`, 'utf8');
    child.kill('SIGKILL');
    const { output } = await ended;

    expect(forge.titles).toHaveLength(2);
    const [undo] = await bottle.pending();
    expect(undo).toEqual({
      ...{ kind: 'deploy-key', forge: 'gitea', apiUrl: forge.apiUrl, repository: 'team/kit' },
      ...{ title: forge.titles[1], variable: VARIABLE },
    });
    expect(argv + output).not.toContain(ADMIN_TOKEN);
    expect(await bottle.filesWith(ADMIN_TOKEN)).toEqual([]);
    await teardown(bottle.slug, quiet);
    expect(forge.titles).toEqual(['of somebody else']);
    expect(await bottle.pending()).toEqual([]);
  });

  it('the script prints fingerprints, and the token is in no output, argument or file of the state', async () => {
    const bottle = await KeyedBottle.prepare(forge, { kit: true });
    const { code, output } = await bottle.start().ended;
    expect(code, output).toBe(0);
    expect(output).toMatch(/✓ mint-keys +[\d.]+s +kit SHA256:[A-Za-z0-9+/]{43}/);
    expect(output).not.toContain(ADMIN_TOKEN);
    expect(await bottle.filesWith(ADMIN_TOKEN)).toEqual([]);
  });
});

describe('a teardown', () => {
  it('revokes the keys, and removes the private ones', async () => {
    const bottle = await KeyedBottle.prepare(forge, { kit: true, docs: false });
    const keys = await bottle.mint();
    const undone = await teardown(bottle.slug, quiet);
    expect(forge.titles).toEqual([]);
    expect(await Promise.all(keys.map(({ file }) => exists(file)))).toEqual([false, false]);
    expect(undone.at(-1)).toMatch(
      /^deploy key “bot-bottle .* kit” \(https:\/\/localhost:\d+\/team\/kit\/settings\/keys\)$/,
    );
    await forgetBottle(bottle.slug);
    expect(await exists(bottleDirectory(bottle.slug))).toBe(false);
  });

  it('a key that somebody has removed at the forge counts as revoked', async () => {
    const bottle = await KeyedBottle.prepare(forge, { kit: true });
    await bottle.mint();
    forge.keys.clear();
    await teardown(bottle.slug, quiet);
    expect(await bottle.pending()).toEqual([]);
  });

  it('keys are revoked last, and also when something else cannot be removed', async () => {
    const bottle = await KeyedBottle.prepare(forge, { kit: true });
    const older = join(bottleDirectory(bottle.slug), 'older');
    await mkdir(older);
    await journal(bottle.slug, 'allocate', { kind: 'path', path: older });
    await bottle.mint();
    await journal(bottle.slug, 'start-bundle', { kind: 'path', path: '/outside' });
    let olderWasThere = true;
    forge.onRemove = async () => {
      olderWasThere = await exists(older);
    };
    await expect(teardown(bottle.slug, quiet)).rejects.toMatchObject({ exitCode: 74 });
    expect([olderWasThere, forge.titles]).toEqual([false, []]);
    expect(await bottle.pending()).toEqual([{ kind: 'path', path: '/outside' }]);
  });

  it('a forge that fails leaves the key in the journal, with an exit code of its own, until it answers', async () => {
    const bottle = await KeyedBottle.prepare(forge, { kit: true });
    const [key] = await bottle.mint();
    forge.always = { instead: { status: 503 } };
    const said: string[] = [];
    const work = teardown(bottle.slug, (line) => said.push(line));
    await expect(work).rejects.toMatchObject({ code: 'key-not-revoked', exitCode: 78 });
    expect(said.join('\n')).toContain(`could not revoke deploy key “${key?.title}”`);
    expect(forge.seen.filter((line) => line.startsWith('DELETE'))).toHaveLength(3);
    expect(await exists(key?.file ?? '')).toBe(false);
    await expect(forgetBottle(bottle.slug)).rejects.toThrow('still has 1 resources');

    forge.always = undefined;
    await teardown(bottle.slug, quiet);
    await forgetBottle(bottle.slug);
    expect(forge.titles).toEqual([]);
  });

  it('without a token it says which variable is missing, and where a person can see the key', async () => {
    vi.stubEnv('NO_COLOR', '1');
    const bottle = await KeyedBottle.prepare(forge, { kit: true });
    await bottle.mint();
    vi.stubEnv(VARIABLE, '');
    const textOf = async (work: Promise<unknown>) => {
      const error = await work.catch((thrown: unknown) => thrown);
      if (!(error instanceof BottleError)) throw new Error('was not refused');
      return errorText(error)
        .replaceAll(/localhost:\d+/g, 'FORGE')
        .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
        .replaceAll(bottle.slug, 'SLUG');
    };
    const texts = [
      await textOf(teardown(bottle.slug, quiet)),
      await textOf(forgetBottle(bottle.slug)),
      await journal(bottle.slug, 'start-bundle', { kind: 'path', path: '/outside' }).then(() =>
        textOf(teardown(bottle.slug, quiet)),
      ),
    ];
    await expect(`${texts.join('\n\n')}\n`).toMatchFileSnapshot('golden/not-revoked.txt');
    expect(forge.titles).toHaveLength(1);
  });

  it('a key whose registration was never answered is looked for more than once', async () => {
    const bottle = await KeyedBottle.prepare(forge, { kit: true });
    const title = `bot-bottle ${bottle.slug} kit`;
    const place = { forge: 'gitea', apiUrl: forge.apiUrl, repository: 'team/kit' } as const;
    const revoking = revokeKey(
      { kind: 'deploy-key', ...place, title, variable: VARIABLE },
      { count: 3, pauseMs: 100 },
    );
    await vi.waitUntil(() => forge.seen.length > 0);
    await forge.add({ title, key: 'late', mayWrite: true });
    await revoking;
    expect(forge.titles).toEqual([]);
  });
});

describe('keys of dead bottles', () => {
  it('are those of a launch that has died and of a teardown that could not revoke them, not of live bottles', async () => {
    const alive = await KeyedBottle.prepare(forge, { a: true }, (await identifyProcess(process.pid)) ?? null);
    const byHand = await KeyedBottle.prepare(forge, { b: true });
    const dead = await KeyedBottle.prepare(forge, { c: true }, { pid: process.pid, started: 'long ago' });
    const broken = await KeyedBottle.prepare(forge, { d: true });
    for (const bottle of [alive, byHand, dead, broken]) await bottle.mint();
    await writeFile(bottlePaths.metadata(broken.slug), '{');
    forge.seen.length = 0;
    const slugs = async () => (await strandedKeys()).map(({ slug }) => slug).toSorted();
    expect(await slugs()).toEqual([dead.slug, broken.slug].toSorted());
    expect(forge.seen).toEqual([]);

    forge.always = { instead: { status: 403 } };
    await teardown(byHand.slug, quiet).catch(quiet);
    expect(await slugs()).toEqual([dead.slug, broken.slug, byHand.slug].toSorted());
  });
});
