import { readFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { KIT_DIRECTORY } from '../../lib/host/directories.ts';

const SOURCES = join(KIT_DIRECTORY, 'smolvm-fakes', 'src');
/** Must match BUNDLE in the fake's start.mjs, which uses it until a source is newer. */
const BUNDLE = join(KIT_DIRECTORY, 'node_modules', '.kit', 'smolvm-fake.mjs');
const REQUIRE =
  "import { createRequire as toRequire } from 'node:module'; const require = toRequire(import.meta.url);";

/** Keeps the folders of the sources, in which the fake finds other programs. */
const folders: Plugin = {
  name: 'folders',
  setup({ onLoad }) {
    onLoad({ filter: /smolvm-fakes\/src\/.*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll('import.meta.dirname', JSON.stringify(dirname(path))),
      loader: 'ts',
    }));
  },
};

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
    banner: { js: REQUIRE },
    plugins: [folders],
    logLevel: 'error',
  });
  await rename(partial, BUNDLE);
}
