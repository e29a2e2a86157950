import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dockerArchive, ociArchive } from '../support/contract/archive.ts';
import { Fixture } from '../support/contract/fixture.ts';
import { type ImageOptions, layerOf } from '../support/contract/image.ts';
import { before, skipping, withoutGuests } from '../support/contract/skipping.ts';
import { recordOf } from '../support/contract/state.ts';

const IMAGE: ImageOptions = {
  entrypoint: ['sleep'],
  cmd: ['8181'],
  env: ['FROM_IMAGE=1', 'NO_VALUE'],
  workdir: '/home/node',
  user: 'node',
};

const known = skipping(before('1.1.0'));
const running = skipping(withoutGuests());
const asUser = skipping(before('1.6.0'), withoutGuests());

describe.skipIf(known.skipped)(known.titled('machine create --image FILE'), () => {
  let fixture: Fixture;
  const inHome = (name: string) => join(fixture.home.path, name);
  const create = (name: string, file: string, ...flags: string[]) =>
    fixture.home.run(['machine', 'create', '--name', name, '--image', inHome(file), ...flags]);

  beforeAll(async () => {
    fixture = await Fixture.start();
    const lower = await fixture.layer({
      'etc/gone': 'x',
      'etc/motd': 'old',
      'opt/a/b': 'x',
      'opt/c': 'kept',
    });
    const upper = await fixture.layer({
      'etc/.wh.gone': '',
      'etc/motd': 'new',
      'opt/a/.wh..wh..opq': '',
      'opt/a/d': 'd',
    });
    const layers = [gunzipSync(fixture.base), lower, upper, upper];
    await dockerArchive(inHome('docker.tar'), layers, IMAGE);
    await ociArchive(inHome('oci.tar'), layers, IMAGE);
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  it('create --image FILE records the image config and the digest of the archive', async () => {
    const env = { ...fixture.home.env, NO_VALUE: 'of the host' };
    const args = ['machine', 'create', '--name', 'd', '--image', inHome('docker.tar'), '-e', 'MINE=2'];
    expect((await fixture.home.run(args, { env })).code).toBe(0);
    expect(recordOf(fixture.home, 'd')).toMatchObject({
      image: expect.stringMatching(/^local:[0-9a-f]{64}$/),
      entrypoint: ['sleep'],
      cmd: ['8181'],
      workdir: '/home/node',
      user: 'node',
      network: false,
      env: [
        ['FROM_IMAGE', '1'],
        ['MINE', '2'],
      ],
    });
    expect(existsSync(inHome('c/smolvm-image-archives'))).toBe(true);
  });

  it('create --image FILE -- CMD replaces the command of the image', async () => {
    expect((await create('cmd', 'docker.tar', '--', 'sleep', '1')).code).toBe(0);
    expect(recordOf(fixture.home, 'cmd')).toMatchObject({ entrypoint: [], cmd: ['sleep', '1'] });
  });

  it.skipIf(running.skipped)(
    running.titled('a guest sees the layers with whiteouts applied, from docker and OCI archives'),
    async () => {
      expect((await create('o', 'oci.tar')).code).toBe(0);
      for (const machine of ['d', 'o']) {
        await fixture.home.ok('machine', 'start', '-n', machine);
        const read = 'cat /etc/motd /opt/c; ls -A /etc | grep gone; ls -A /opt/a';
        const { stdout } = await fixture.home.exec(machine, 'sh', '-c', read);
        expect(stdout).toBe('newkeptd\n');
      }
    },
  );

  it.skipIf(asUser.skipped)(
    asUser.titled("commands run as the image's USER, in its workdir, with file owners kept"),
    async () => {
      const { stdout } = await fixture.home.exec(
        'd',
        'sh',
        '-c',
        'id -un; id -gn; pwd; echo $HOME $MINE; cat notes',
      );
      expect(stdout).toBe('node\nnode\n/home/node\n/home/node 2\nmine\n');
      expect((await fixture.home.exec('d', 'stat', '-c', '%U', '/home/node/notes')).stdout).toBe('node\n');
      expect((await fixture.home.exec('d', 'sh', '-c', 'echo x > /etc/motd')).code).not.toBe(0);
    },
  );

  it('importing an archive writes only to the cache, whatever links the layers contain', async () => {
    const outside = await mkdtemp(inHome('outside-'));
    const folder = await mkdtemp(inHome('layer-'));
    await symlink(outside, join(folder, 'way'));
    const planted = await layerOf(folder, ['way']);
    const other = await mkdtemp(inHome('layer-'));
    await mkdir(join(other, 'way'));
    await writeFile(join(other, 'way/evil'), 'x');
    const through = await layerOf(other, ['way/evil']);
    await dockerArchive(inHome('evil.tar'), [fixture.base, planted, through]);
    await create('evil', 'evil.tar');
    expect(await readdir(outside)).toEqual([]);
  });

  it.each([
    ['a file that is not an archive', 'text.tar', 'x'.repeat(2_000)],
    ['an empty file', 'empty.tar', ''],
    ['a Dockerfile', 'Dockerfile', 'FROM scratch\n'],
  ])('create --image refuses %s and leaves nothing behind', async (_, file, content) => {
    await writeFile(inHome(file), content);
    const { code, stderr } = await create('bad', file);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^Error: /) });
    expect(() => recordOf(fixture.home, 'bad')).toThrow();
    const folder = (await fixture.home.run(['machine', 'data-dir', '--name', 'bad'])).stdout.trim();
    expect(existsSync(folder)).toBe(false);
  });

  it('create --image suggests docker save for a Dockerfile, and reports a missing file', async () => {
    expect((await create('bad', 'Dockerfile')).stderr).toMatch(/Dockerfile[\s\S]*docker save/);
    expect((await create('bad', 'missing.tar')).stderr).toMatch(/missing\.tar.*not found/);
  });
});
