import { readFile } from 'node:fs/promises';
import http2 from 'node:http2';
import { join, sep } from 'node:path';
import { build, type Plugin } from 'esbuild';
import * as re2js from 're2js';
import * as yaml from 'yaml';
import type { DaemonDefinition } from '../daemons/contract/daemon.ts';
import { DAEMONS } from '../daemons/contract/daemons.ts';
import { REQUIRE_BANNER } from '../host/bundling.ts';
import { startingWithout } from '../host/child-environment.ts';

const KIT = join(import.meta.dirname, '..', '..');

/**
 * Programs of init: init itself, the control client, and the one that fills the compile cache during the
 * build.
 */
const INIT_PROGRAMS = ['init/main', 'init/ctl', 'init/compile'];

/**
 * Returns the modules below `lib/daemons` that become programs of the bundle: init's and those of our
 * daemons.
 */
function programModules(): string[] {
  const daemons = Object.entries<DaemonDefinition>(DAEMONS).filter(
    ([, { command }]) => command === undefined,
  );
  const modules = daemons.flatMap(([name, { workers = [] }]) =>
    ['main', ...workers].map((file) => `${name}/${file}`),
  );
  return [...INIT_PROGRAMS, ...modules];
}

/**
 * Importing `node:http` evaluates all its exports, including undici's WebSocket, which loads undici: 20 ms
 * and some megabytes for nothing. `process.getBuiltinModule` evaluates none.
 */
const plainHttp: Plugin = {
  name: 'plain-http',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:http$/ }, ({ path }) => ({ path, namespace: 'plain-http' }));
    onLoad({ filter: /.*/, namespace: 'plain-http' }, () => ({
      contents: "module.exports = process.getBuiltinModule('node:http');",
    }));
  },
};

/** Modules that few bottles need, or none before the first request, and how the bundle loads them. */
const LATER = {
  'node:http2': { names: Object.keys(http2), load: "process.getBuiltinModule('node:http2')" },
  yaml: { names: Object.keys(yaml), load: "require('yaml')" },
  re2js: { names: Object.keys(re2js), load: "require('re2js')" },
  // The package as a whole also includes fetch, a WebSocket and a cache.
  undici: { names: ['Agent'], load: "{ Agent: require('undici/lib/dispatcher/agent.js') }" },
};

/** Loads these modules on first use: 8 % less CPU time until the port of egress is open. */
const later: Plugin = {
  name: 'later',
  setup({ onResolve, onLoad }) {
    const filter = new RegExp(`^(?:${Object.keys(LATER).join('|')})$`);
    onResolve({ filter }, ({ path, namespace }) =>
      namespace === 'later' ? undefined : { path, namespace: 'later' },
    );
    for (const [path, { names, load }] of Object.entries(LATER)) {
      // The exports of a CommonJS package include the package itself, as `module.exports`.
      const getters = names
        .filter((name) => name !== 'module.exports')
        .map((name) => `get ${name}() { return ${load}.${name}; }`);
      const contents = `module.exports = { ${getters.join(', ')} };`;
      onLoad({ filter: new RegExp(`^${path}$`), namespace: 'later' }, () => ({ contents, resolveDir: KIT }));
    }
  },
};

export interface ProgramFile {
  /** Path below the program folder, with forward slashes. */
  readonly path: string;
  readonly content: Uint8Array;
}

/**
 * Bundles each daemon into a single JavaScript file. Node then does not have to find about two hundred files
 * and strip their types: a third of the startup time and two thirds of the memory. The output depends only on
 * the sources, not on their location.
 * @returns the files, and the paths of all sources they are made of.
 */
export async function bundledPrograms(): Promise<{ programs: ProgramFile[]; sources: string[] }> {
  const daemons = join(KIT, 'lib', 'daemons');
  const bundling = startingWithout(() =>
    build({
      absWorkingDir: KIT,
      entryPoints: programModules().map((name) => join(daemons, `${name}.ts`)),
      outbase: daemons,
      outdir: 'programs',
      outExtension: { '.js': '.mjs' },
      bundle: true,
      platform: 'node',
      target: 'node24',
      format: 'esm',
      banner: { js: REQUIRE_BANNER },
      // File names in comments would differ between machines.
      minifyWhitespace: true,
      logLevel: 'error',
      plugins: [plainHttp, later],
      metafile: true,
      write: false,
    }),
  );
  const { outputFiles, metafile } = await bundling;
  const programs = outputFiles.map(({ path, contents }) => ({
    path: path.slice(join(KIT, 'programs').length + 1).replaceAll(sep, '/'),
    content: contents,
  }));
  const inputs = Object.keys(metafile.inputs);
  return {
    programs: [...programs, ...(await licensesOf(inputs))],
    // Those of plugins are no files.
    sources: inputs.filter((input) => !/^[a-z-]+:/.test(input)).map((input) => join(KIT, input)),
  };
}

/** Returns the licenses of the packages that these files belong to, which must accompany every copy. */
async function licensesOf(files: readonly string[]): Promise<ProgramFile[]> {
  const roots = new Map<string, string>();
  for (const file of files) {
    const match = /^(?<root>.*node_modules\/(?<name>(?:@[^/]+\/)?[^/]+))\//.exec(file);
    if (match?.groups !== undefined) roots.set(match.groups.name ?? '', join(KIT, match.groups.root ?? ''));
  }
  const found = [...roots].map(async ([name, root]) => {
    for (const file of ['LICENSE', 'LICENSE.txt', 'LICENSE.md']) {
      const content = await readFile(join(root, file)).catch(() => undefined);
      if (content !== undefined) return [{ path: `licenses/${name}`, content }];
    }
    return [];
  });
  return (await Promise.all(found)).flat().toSorted((one, other) => (one.path < other.path ? -1 : 1));
}
