import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Plugin } from 'esbuild';

/** The beginning of each bundle: CommonJS packages load Node's built-in modules through `require`. */
export const REQUIRE_BANNER =
  "import { createRequire as toRequire } from 'node:module'; const require = toRequire(import.meta.url);";

/**
 * Lets sources that a bundle holds find files beside themselves, as if they were not bundled.
 * @param filter of the paths of such sources.
 */
export function keepingPlaces(filter: RegExp): Plugin {
  return {
    name: 'keeping-places',
    setup({ onLoad }) {
      onLoad({ filter }, ({ path }) => ({
        contents: readFileSync(path, 'utf8').replaceAll('import.meta.dirname', JSON.stringify(dirname(path))),
        loader: 'ts',
      }));
    },
  };
}
