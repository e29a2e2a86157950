import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type EnsuredImage, ensureBaseImage } from '../../../lib/docker/base-images.ts';
import { docker, dockerTry } from '../../../lib/docker/cli.ts';
import { mendSavedArchive } from '../../../lib/handoff/saved-archive.ts';
import { layerOf } from '../../support/contract/image.ts';
import { hexDigest, SAVED_SHAPES, SAVED_TAG } from '../../support/saved-images.ts';

/** These tests apply to pinned base images and their stand-ins alike. */
const BUILD_MS = 300_000;
const name = `base-images-test-${process.pid}`;
const scratch = mkdtempSync(join(tmpdir(), 'base-images-'));
const say = () => {};

function run(image: EnsuredImage, ...args: string[]): Promise<string> {
  return docker(['run', '--rm', '--network', 'none', image.reference, ...args]);
}

describe('node base image', () => {
  let node: EnsuredImage;
  beforeAll(async () => {
    node = await ensureBaseImage('node', { say });
  }, BUILD_MS);

  it('the node image runs Node 24, npm and npx', async () => {
    expect(await run(node, 'node', '-p', 'process.version')).toMatch(/^v24\./);
    expect(await run(node, 'sh', '-c', 'npm --version && npx --version')).toMatch(/^\d+\.\S+\n\d+\.\S+$/);
  });

  it('the entrypoint passes options to node and runs programs directly', async () => {
    expect(await run(node, '--print', 'process.env.NODE_VERSION === process.versions.node')).toBe('true');
    expect(await run(node, 'echo', 'hello')).toBe('hello');
  });

  it('the node image has a user `node` with uid 1000 and a home directory', async () => {
    const facts = await run(node, 'sh', '-c', 'id -u node; id -g node; stat -c "%U %n" /home/node');
    expect(facts.split('\n')).toEqual(['1000', '1000', 'node /home/node']);
    expect(await run(node, 'runuser', '-u', 'node', '--', 'node', '-p', 'process.getuid()')).toBe('1000');
  });

  it('the node image is a small Debian bookworm with apt sources', async () => {
    const system = await run(node, 'sh', '-c', '. /etc/os-release && echo $ID $VERSION_CODENAME');
    expect(system).toBe('debian bookworm');
    expect(await run(node, 'grep', '-rh', 'bookworm', '/etc/apt')).toMatch(/https?:.*bookworm/s);
    expect(Number(await docker(['image', 'inspect', '-f', '{{.Size}}', node.reference]))).toBeLessThan(300e6);
  });

  it('ensureBaseImage returns an existing image immediately', async () => {
    const start = performance.now();
    expect(await ensureBaseImage('node', { say })).toEqual(node);
    expect(performance.now() - start).toBeLessThan(3_000);
  });
});

describe('registry and crane base images', () => {
  let registry: EnsuredImage;
  let crane: EnsuredImage;
  let address: string;

  beforeAll(async () => {
    [registry, crane] = await Promise.all([
      ensureBaseImage('registry', { say }),
      ensureBaseImage('crane', { say }),
    ]);
    await docker(['network', 'create', name]);
    const place = ['--network', name, '--publish', '127.0.0.1::5000'];
    await docker(['run', '--detach', '--name', name, ...place, registry.reference]);
    address = `http://${(await docker(['port', name, '5000/tcp'])).split('\n')[0]}`;
    await untilServing(address);
  }, BUILD_MS);

  afterAll(async () => {
    await dockerTry(['rm', '--force', '--volumes', name]);
    await dockerTry(['network', 'rm', name]);
    await dockerTry(['image', 'rm', `${name}:saved`]);
    rmSync(scratch, { recursive: true, force: true });
  });

  it('crane pushes a saved image to the registry, which serves it', async () => {
    const tarball = join(scratch, 'image.tar');
    await docker(['tag', registry.reference, `${name}:saved`]);
    await docker(['save', '--output', tarball, `${name}:saved`]);
    const mount = ['--volume', `${tarball}:/image.tar:ro`];
    // Written for its owner alone, and crane has a user of its own.
    await chmod(tarball, 0o644);
    const push = ['push', '--insecure', '/image.tar', `${name}:5000/bot-bottle:abc`];
    const said = await docker(['run', '--rm', '--network', name, ...mount, crane.reference, ...push]);
    const digest = said.trim().split('@').at(-1);
    expect(said).toMatch(new RegExp(`${name}:5000/bot-bottle@sha256:[0-9a-f]{64}`));

    const accept = { accept: 'application/vnd.docker.distribution.manifest.v2+json' };
    const answer = await fetch(`${address}/v2/bot-bottle/manifests/abc`, { headers: accept });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('docker-content-digest')).toBe(digest);
    const manifest: unknown = await answer.json();
    expect(manifest).toMatchObject({
      schemaVersion: 2,
      config: { digest: await imageIdOf(`${name}:saved`) },
    });
  });

  it.each(Object.entries(SAVED_SHAPES))('crane pushes what docker save writes: %s', async (_shape, save) => {
    const tarball = join(scratch, 'shape.tar');
    const layers = await Promise.all(['one', 'two', 'one'].map(layerWith));
    await save(tarball, layers);
    await mendSavedArchive(tarball, SAVED_TAG, new AbortController().signal);
    await chmod(tarball, 0o644);
    const mount = ['--volume', `${tarball}:/image.tar:ro`];
    const push = ['push', '--insecure', '/image.tar', `${name}:5000/shape:1`];
    await docker(['run', '--rm', '--network', name, ...mount, crane.reference, ...push]);

    const accept = { accept: 'application/vnd.docker.distribution.manifest.v2+json' };
    const answer = await fetch(`${address}/v2/shape/manifests/1`, { headers: accept });
    const manifest = pushed.parse(await answer.json());
    const pulled = await Promise.all(
      manifest.layers.map(async ({ digest }) => {
        const blob = await fetch(`${address}/v2/shape/blobs/${digest}`);
        return hexDigest(gunzipSync(Buffer.from(await blob.arrayBuffer())));
      }),
    );
    expect(pulled).toEqual(layers.map((layer) => hexDigest(layer)));
  });

  it('crane fails to push to a registry that does not exist', async () => {
    const push = ['push', '--insecure', '/nothing.tar', `${name}:1/bot-bottle:abc`];
    const result = await dockerTry(['run', '--rm', '--network', name, crane.reference, ...push]);
    expect(result.exitCode).not.toBe(0);
  });
});

const pushed = z.looseObject({ layers: z.array(z.looseObject({ digest: z.string() })) });

/** A layer with one file. */
async function layerWith(content: string): Promise<Buffer> {
  writeFileSync(join(scratch, content), content);
  return gunzipSync(await layerOf(scratch, [content]));
}

async function imageIdOf(reference: string): Promise<string> {
  return docker(['image', 'inspect', '--format', '{{.Id}}', reference]);
}

async function untilServing(address: string): Promise<void> {
  const status = () =>
    fetch(`${address}/v2/`).then(
      (answer) => answer.status,
      () => undefined,
    );
  const deadline = performance.now() + 15_000;
  while ((await status()) !== 200) {
    if (performance.now() > deadline) throw new Error(`${address} does not respond`);
    await sleep(50);
  }
}
