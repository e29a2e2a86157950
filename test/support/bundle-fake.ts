import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { keepingPlaces, REQUIRE_BANNER } from '../../lib/host/bundling.ts';
import { KIT_DIRECTORY } from '../../lib/host/directories.ts';

const SOURCES = join(KIT_DIRECTORY, 'smolvm-fakes', 'src');
/** Must match BUNDLE in the fake's start.mjs, which uses it until a source is newer. */
const BUNDLE = join(KIT_DIRECTORY, 'node_modules', '.kit', 'smolvm-fake.mjs');
/** Bundles the fake smolvm into one file for the tests of this run. */
export default async function bundleFake(): Promise<void> {
  const partial = `${BUNDLE}.${process.pid}`;
  await build({
    entryPoints: [join(SOURCES, 'main.ts')],
    outfile: partial,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    banner: { js: REQUIRE_BANNER },
    // It finds other programs beside its sources.
    plugins: [keepingPlaces(/smolvm-fakes\/src\/.*\.ts$/)],
    logLevel: 'error',
  });
  await rename(partial, BUNDLE);
}
