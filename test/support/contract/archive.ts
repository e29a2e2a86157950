import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { configOf, type ImageOptions } from './image.ts';
import { digestOf } from './registry.ts';

type Files = Readonly<Record<string, Buffer | string>>;

/** Writes an archive like `docker save`: one folder per layer, repeated layers as symlinks. */
export async function dockerArchive(
  path: string,
  layers: readonly Buffer[],
  options: ImageOptions = {},
): Promise<void> {
  const seen = new Map<string, string>();
  const files: Record<string, Buffer | string> = {};
  const links: Record<string, string> = {};
  const names = layers.map((body, index) => {
    const name = `${index}/layer.tar`;
    const first = seen.get(digestOf(body));
    if (first === undefined) files[name] = body;
    else links[name] = `../${first}`;
    seen.set(digestOf(body), first ?? name);
    return name;
  });
  files['config.json'] = JSON.stringify(configOf(options));
  files['manifest.json'] = JSON.stringify([{ Config: 'config.json', RepoTags: ['x:1'], Layers: names }]);
  await writeTar(path, files, links);
}

/** Writes an image as an OCI layout in a tar file. */
export async function ociArchive(
  path: string,
  layers: readonly Buffer[],
  options: ImageOptions = {},
): Promise<void> {
  const files: Record<string, Buffer | string> = {};
  const blob = (body: Buffer) => {
    files[`blobs/sha256/${digestOf(body).slice(7)}`] = body;
    return { digest: digestOf(body), size: body.length };
  };
  const config = blob(Buffer.from(JSON.stringify(configOf(options))));
  const manifest = blob(
    Buffer.from(JSON.stringify({ schemaVersion: 2, config, layers: layers.map((body) => blob(body)) })),
  );
  files['oci-layout'] = '{"imageLayoutVersion":"1.0.0"}';
  files['index.json'] = JSON.stringify({ schemaVersion: 2, manifests: [manifest] });
  await writeTar(path, files, {});
}

/** Writes a tarball of files and symlinks, whose names begin with nothing like `./`: real readers look for exact names. */
export async function writeTar(
  path: string,
  files: Files,
  links: Readonly<Record<string, string>>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'contract-archive-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    for (const [name, target] of Object.entries(links)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await symlink(target, join(folder, name));
    }
    await execa('tar', ['--create', '--file', path, '--directory', folder, ...(await readdir(folder))]);
  } finally {
    await rm(folder, { recursive: true });
  }
}
