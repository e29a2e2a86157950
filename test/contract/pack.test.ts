import { existsSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, zstdDecompressSync } from 'node:zlib';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fixture } from '../support/contract/fixture.ts';
import { digestOf } from '../support/contract/registry.ts';
import { skipping, withoutGuests } from '../support/contract/skipping.ts';
import { atLeast } from '../support/contract/version.ts';

const { skipped, titled } = skipping(withoutGuests());

describe('pack create', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await Fixture.start();
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  const pack = (image: string, output: string, ...flags: string[]) =>
    fixture.home.run(['pack', 'create', '--image', image, '-o', output, ...flags]);

  it('pack create pulls from the named registry and writes a launcher and its sidecar', async () => {
    const image = fixture.publish('pair:1', {
      cmd: ['sleep', '1'],
      env: ['A=b'],
      workdir: '/tmp',
      user: 'node',
    });
    const output = join(fixture.home.path, 'pair');
    const { code, stdout, stderr } = await pack(image, output, '--cpus', '2');
    expect(code).toBe(0);
    expect(stderr).toMatch(
      new RegExp(`^Pulling image ${image}\\.\\.\\.[\\s\\S]*\\rPulling image ${image}\\.\\.\\. done\\. *`),
    );
    expect(stdout.split('\n').map((line) => line.replace(/\d+/g, 'N').replace(/^[^\n]*\r/, ''))).toEqual(
      [
        'Starting agent VM...',
        `Image: ${image} (1 layers, 1 bytes)`,
        'Collecting runtime libraries...',
        'Collecting agent rootfs...',
        'Creating storage template...',
        expect.stringMatching(/^ {2}Layer N\/N: sha/),
        'Assembling packed binary done',
        `Packed: ${output} (stub: NKB, total: NKB)`,
        `Assets: ${output}.smolmachine (NKB compressed)`,
        '',
        `Run with: ${output}`,
        'Note: Keep the .smolmachine file alongside the binary',
        'Options: --help for usage',
        '',
      ].map((line) => (typeof line === 'string' ? line.replace(/\d+/g, 'N') : line)),
    );
    expect((await stat(output)).mode & 0o777).toBe(0o755);
    expect((await readFile(output)).subarray(-32).toString('latin1', 0, 8)).toBe('SMOLLIBS');
  });

  it('pack create writes the documented format: zstd tar, JSON manifest, footer with CRC', async () => {
    const bytes = await readFile(join(fixture.home.path, 'pair.smolmachine'));
    const footer = bytes.subarray(-64);
    expect(footer.toString('latin1', 0, 8)).toBe('SMOLPACK');
    expect(footer.readUInt32LE(8)).toBe(1);
    const assetsSize = Number(footer.readBigUInt64LE(28));
    const manifestSize = Number(footer.readBigUInt64LE(44));
    expect(Number(footer.readBigUInt64LE(36))).toBe(assetsSize);
    expect(assetsSize + manifestSize + 64).toBe(bytes.length);
    expect(footer.readUInt32LE(52)).toBe(crc32(bytes.subarray(0, -64)));
    const text = bytes.subarray(assetsSize, -64).toString();
    const manifest = JSON.parse(text) as {
      digest: string;
      assets: { layers: { path: string; digest: string }[] };
    };
    expect(text).toBe(JSON.stringify(manifest, undefined, 2));
    expect(manifest).toMatchObject({ mode: 'container', cpus: 2, mem: 8192, network: false, env: ['A=b'] });
    expect(manifest).not.toHaveProperty('user');
    const [layer] = manifest.assets.layers;
    expect(layer?.path).toBe(`layers/${layer?.digest.slice(7, 19)}.tar`);
    const { stdout } = await execa('tar', ['--list'], {
      input: zstdDecompressSync(bytes.subarray(0, assetsSize)),
    });
    expect(stdout.split('\n')).toEqual(['agent-rootfs.tar', layer?.path]);
  });

  it('pack create sends no credentials to the registry', () => {
    expect(fixture.registry.requests.length).toBeGreaterThan(0);
    expect(fixture.registry.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
  });

  it('pack create selects the platform from an image index', async () => {
    const output = join(fixture.home.path, 'multi');
    expect((await pack(fixture.publish('multi:1', { multiPlatform: true }), output)).code).toBe(0);
    const image = `localhost:${fixture.registry.port}/multi:1`;
    expect((await pack(image, output, '--oci-platform', 'linux/riscv64')).code).toBe(1);
  });

  it('pack create leaves nothing for a missing image, but still prints done', async () => {
    const output = join(fixture.home.path, 'missing');
    const { code, stderr } = await pack(`localhost:${fixture.registry.port}/missing:1`, output);
    expect(code).toBe(1);
    expect(stderr).toMatch(/\.\.\. done\. *\n.*Error: /s);
    expect((await readdir(fixture.home.path)).filter((name) => name.startsWith('missing'))).toEqual([]);
  });

  it('pack create leaves nothing when a layer does not match its digest', async () => {
    const layer = await fixture.layer({ 'etc/evil': 'x' });
    const image = fixture.publish('corrupt:1', {}, [layer]);
    fixture.registry.corrupt(digestOf(layer));
    const { code, stderr } = await pack(image, join(fixture.home.path, 'corrupt'));
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('digest') });
    expect((await readdir(fixture.home.path)).filter((name) => name.startsWith('corrupt'))).toEqual([]);
  });

  it('pack create fails at the end when the output folder is missing', async () => {
    const { code, stdout, stderr } = await pack(
      fixture.publish('late:1'),
      join(fixture.home.path, 'no/such/out'),
    );
    expect(code).toBe(1);
    expect(stdout).toContain('Creating storage template...');
    expect(stderr).toMatch(/pack binary: I\/O error: /);
  });

  it('pack create overwrites existing output', async () => {
    const output = join(fixture.home.path, 'twice');
    await writeFile(`${output}.smolmachine`, 'old');
    expect((await pack(fixture.publish('twice:1'), output)).code).toBe(0);
    expect((await readFile(`${output}.smolmachine`)).length).toBeGreaterThan(1000);
  });

  it.each(['docker-daemon://x', './image.tar', '-', '../x', 'http://localhost/x', 'a b'])(
    'pack create takes images only from a registry, not %j',
    async (image) => {
      const output = join(fixture.home.path, 'odd');
      const { code } = await fixture.home.run(['pack', 'create', `--image=${image}`, '-o', output]);
      expect(code).toBe(1);
      expect(existsSync(output)).toBe(false);
    },
  );

  it.skipIf(skipped)(
    titled('pack create merges layers: upper files win, and deleted ones reappear before 1.1.0'),
    async () => {
      const lower = await fixture.layer({ 'etc/gone': 'still here', 'etc/motd': 'old' });
      const upper = await fixture.layer({ 'etc/.wh.gone': '', 'etc/motd': 'new' });
      const image = fixture.publish('merged:1', {}, [lower, upper]);
      const { stdout } = await pack(image, join(fixture.home.path, 'merged'));
      expect(stdout).toMatch(
        /Merging 3 layers in VM \(one-time cost\)\.\.\.\n {2}Exporting merged layer\.\.\. \d+ MB done\n/,
      );
      await fixture.boot('merged', join(fixture.home.path, 'merged.smolmachine'));
      const read = 'cat /etc/gone /etc/motd; ls -A /etc | grep wh; true';
      expect((await fixture.home.exec('merged', 'sh', '-c', read)).stdout).toBe(
        atLeast('1.1.0') ? 'new' : 'still herenew',
      );
    },
  );
});
