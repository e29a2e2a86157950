import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { extract } from 'tar';
import { runLogged } from '../debian-host.ts';
import { extraCaFile } from '../extra-ca.ts';

export interface NpmPackage {
  name: string;
  version: string;
  /** Subresource integrity of the tarball, `sha512-<base64>`, as published by the npm registry. */
  integrity: string;
}

/**
 * Downloads an exact version of a package with the machine's npm and unpacks the paths that `wanted` accepts
 * into `directory`, without the leading `package/`.
 * @throws BottleError `image-unavailable` when npm fails; Error when the integrity does not match the pin.
 */
export async function unpackNpmPackage(
  npmPackage: NpmPackage,
  directory: string,
  wanted: (path: string) => boolean,
  signal?: AbortSignal,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const ca = await extraCaFile(process.env);
  const specifier = `${npmPackage.name}@${npmPackage.version}`;
  await runLogged({
    log: 'npm',
    command: ['npm', 'pack', '--silent', '--pack-destination', directory, specifier],
    code: 'image-unavailable',
    kind: 'npm',
    env: ca === undefined ? {} : { NODE_EXTRA_CA_CERTS: ca },
    signal,
  });
  const tarball = join(directory, `${npmPackage.name}-${npmPackage.version}.tgz`);
  const integrity = `sha512-${createHash('sha512')
    .update(await readFile(tarball))
    .digest('base64')}`;
  if (integrity !== npmPackage.integrity) {
    throw new Error(
      `${specifier}: the npm registry served different bytes (${integrity}) than the pinned ones`,
    );
  }
  await extract({
    file: tarball,
    cwd: directory,
    strip: 1,
    filter: (path) => wanted(path.replace(/^package\//, '')),
  });
}
