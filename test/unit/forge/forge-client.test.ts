import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeSshKeyPair } from '../../../lib/deploy-keys/openssh-key.ts';
import type { NewKey } from '../../../lib/forge/dialect.ts';
import { ForgeClient } from '../../../lib/forge/forge-client.ts';
import { FORGES } from '../../../lib/forge/forges.ts';
import { accessTo } from '../../support/forge/forge-access.ts';
import { StandInForge } from '../../support/forge/stand-in-forge.ts';

const newKey = (title: string, mayWrite = false): NewKey => ({
  ...{ title, mayWrite },
  publicKey: makeSshKeyPair('').publicKey,
});

describe.each(FORGES)('deploy keys of %s', (kind) => {
  const repository = kind === 'gitlab' ? 'group/sub-group/kit' : 'team/kit';
  let forge: StandInForge;
  let client: ForgeClient;
  beforeEach(async () => {
    forge = await new StandInForge(kind, repository).start();
    client = new ForgeClient({ forge: kind, apiUrl: forge.apiUrl, repository }, await accessTo(forge.roots));
  });
  afterEach(() => forge.stop());

  const created = async (key: NewKey): Promise<number> => {
    const creation = await client.createKey(key);
    if ('refused' in creation) throw creation.refused;
    return creation.keyId;
  };

  it.each([true, false])('a key is registered that may write: %s', async (mayWrite) => {
    const key = newKey('one', mayWrite);
    const id = await created(key);
    expect([...forge.keys.values()]).toEqual([{ id, title: 'one', key: key.publicKey, mayWrite }]);
  });

  it('a key is revoked once, and one that is gone counts as revoked', async () => {
    const id = await created(newKey('one'));
    await client.deleteKey(id);
    expect(forge.titles).toEqual([]);
    await client.deleteKey(id);
    expect(forge.seen.filter((line) => line.startsWith('DELETE'))).toHaveLength(2);
  });

  it('a key is found by its title on any page, and no further page is read', async () => {
    for (let count = 1; count <= 8; count += 1)
      await forge.add({ ...newKey(`other ${count}`), key: `${count}` });
    const id = await created(newKey('ours'));
    forge.seen.length = 0;
    expect(await client.findKey('ours')).toBe(id);
    expect(forge.seen).toHaveLength(3);
    expect(await client.findKey('other 2')).toBe(42);
    expect(forge.seen).toHaveLength(4);
    expect(await client.findKey('none of these')).toBeUndefined();
    expect(forge.seen).toHaveLength(7);
  });

  it('a title that is part of another is not found', async () => {
    await created(newKey('bot-bottle dev-a1b2c kit more'));
    expect(await client.findKey('bot-bottle dev-a1b2c kit')).toBeUndefined();
  });

  it('a key that is registered already is refused, and the refusal is certain', async () => {
    const key = newKey('one');
    await created(key);
    const again = await client.createKey({ ...key, title: 'two' });
    expect(again).toMatchObject({ refused: { code: 'forge-failed' } });
    expect(forge.titles).toEqual(['one']);
  });

  it('after a lost response, the key is found by its title and not registered twice', async () => {
    forge.faults.push({ after: 'cut' });
    const id = await created(newKey('one'));
    expect([...forge.keys.keys()]).toEqual([id]);
    expect(forge.seen.map((line) => line.split(' ')[0])).toEqual(['POST', 'GET']);
  });

  it.each([
    ['502 once', { instead: { status: 502, body: '<html>' } }],
    ['a cut connection', { instead: 'cut' }],
    ['a rate limit that ends', { instead: { status: 429, headers: { 'retry-after': '0' } } }],
  ] as const)('after %s, creating, listing and revoking succeed at the second try', async (_what, fault) => {
    forge.faults.push(fault);
    const id = await created(newKey('one'));
    forge.faults.push(fault);
    expect(await client.findKey('one')).toBe(id);
    forge.faults.push(fault);
    await client.deleteKey(id);
    expect(forge.titles).toEqual([]);
  });

  it('a refused connection is certain to have registered nothing', async () => {
    const { apiUrl } = forge;
    await forge.stop();
    const access = await accessTo(undefined);
    const creation = await new ForgeClient({ forge: kind, apiUrl, repository }, access).createKey(
      newKey('one'),
    );
    expect(creation).toMatchObject({ refused: { message: expect.stringContaining('cannot be reached') } });
    forge = await new StandInForge(kind, repository).start();
  });

  it.each([
    ['garbage', '<html>welcome</html>'],
    ['another shape', { id: '41' }],
    ['2 MiB', `"${'x'.repeat(2 * 1024 * 1024)}"`],
  ])('a response of %s is no success, and what the forge did is not certain', async (_what, body) => {
    forge.faults.push({ after: { status: 201, body } });
    await expect(client.createKey(newKey('one'))).rejects.toMatchObject({ code: 'forge-failed' });
    forge.faults.push({ after: { status: 200, body } });
    await expect(client.findKey('one')).rejects.toMatchObject({ code: 'forge-failed' });
  });
});
