import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BottleError } from '../../errors.ts';
import { unpackNpmPackage } from './npm-package.ts';
import { NODE_PACKAGES, NPM_PACKAGE } from './pins.ts';

/** Adds what the node recipe copies to a build context: the program `node` and the folder `npm`. */
export async function addNodeToContext(
  context: string,
  scratch: string,
  signal?: AbortSignal,
): Promise<void> {
  const node = NODE_PACKAGES[process.arch];
  if (node === undefined) {
    throw new BottleError('image-unavailable', `no stand-in for Node is available on ${process.arch}`, {
      hint: 'Give this machine access to a container registry.',
    });
  }
  const unpacked = join(scratch, 'node-package');
  await Promise.all([
    unpackNpmPackage(node, unpacked, (path) => path === 'bin/node', signal),
    unpackNpmPackage(NPM_PACKAGE, join(context, 'npm'), (path) => !/^(docs|man)\//.test(path), signal),
  ]);
  await cp(join(unpacked, 'bin', 'node'), join(context, 'node'));
  await rm(join(context, 'npm', `npm-${NPM_PACKAGE.version}.tgz`));
}
