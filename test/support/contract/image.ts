import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import type { TestRegistry } from './registry.ts';

export interface ImageOptions {
  entrypoint?: readonly string[];
  cmd?: readonly string[];
  env?: readonly string[];
  workdir?: string;
  user?: string;
  /** Publish behind an index of two platforms. */
  multiPlatform?: boolean;
}

const PLATFORM = { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch };

/** A gzipped layer with the named files of a folder, owned by `owner`. */
export async function layerOf(folder: string, names: readonly string[], owner = '0:0'): Promise<Buffer> {
  const [user, group] = owner.split(':');
  const flags = [
    '--create',
    '--numeric-owner',
    `--owner=:${user}`,
    `--group=:${group}`,
    '--directory',
    folder,
  ];
  const { stdout } = await execa('tar', [...flags, ...names], { encoding: 'buffer', maxBuffer: 1 << 30 });
  return gzipSync(Buffer.from(stdout), { level: 1 });
}

/** Builds the configuration document of an image. */
export function configOf(options: ImageOptions) {
  return {
    ...PLATFORM,
    config: {
      Entrypoint: options.entrypoint ?? null,
      Cmd: options.cmd ?? null,
      Env: options.env ?? null,
      WorkingDir: options.workdir ?? '',
      User: options.user ?? '',
    },
    rootfs: { type: 'layers', diff_ids: [] },
  };
}

/** Publishes an image to the registry. @returns digests of its layers. */
export function publish(
  registry: TestRegistry,
  name: string,
  layers: readonly Buffer[],
  options: ImageOptions = {},
): string[] {
  const config = Buffer.from(JSON.stringify(configOf(options)));
  const described = layers.map((body) => ({
    mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
    digest: registry.addBlob(body),
    size: body.length,
  }));
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
      config: {
        mediaType: 'application/vnd.docker.container.image.v1+json',
        digest: registry.addBlob(config),
        size: config.length,
      },
      layers: described,
    }),
  );
  const [repository = '', version = 'latest'] = name.split(':');
  const type = 'application/vnd.docker.distribution.manifest.v2+json';
  const digest = registry.addManifest(repository, options.multiPlatform ? 'plain' : version, type, manifest);
  if (options.multiPlatform) addIndex(registry, repository, version, { type, digest, size: manifest.length });
  return described.map((layer) => layer.digest);
}

function addIndex(
  registry: TestRegistry,
  repository: string,
  version: string,
  child: { type: string; digest: string; size: number },
): void {
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const other = { os: 'linux', architecture: 's390x' };
  const entry = { mediaType: child.type, digest: child.digest, size: child.size };
  const body = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      manifests: [
        { ...entry, digest: `sha256:${'0'.repeat(64)}`, platform: other },
        { ...entry, platform: PLATFORM },
      ],
    }),
  );
  registry.addManifest(repository, version, mediaType, body);
}
