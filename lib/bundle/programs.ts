import { readFile } from 'node:fs/promises';
import http2 from 'node:http2';
import { join, sep } from 'node:path';
import { build, type Plugin } from 'esbuild';
import * as re2js from 're2js';
import * as yaml from 'yaml';
import type { DaemonDefinition } from '../daemons/contract/daemon.ts';
import { DAEMONS } from '../daemons/contract/daemons.ts';

const KIT = join(import.meta.dirname, '..', '..');

/** Programs of init: its own, the control client, and what warms up the compile cache in the image build. */
const INIT_PROGRAMS = ['init/main', 'init/ctl', 'init/compile'];

/** The modules below `lib/daemons` that become programs of the bundle: those of init, and each daemon of ours. */
function programModules(): string[] {
  const daemons = Object.entries<DaemonDefinition>(DAEMONS).filter(
    ([, { command }]) => command === undefined,
  );
  const modules = daemons.flatMap(([name, { workers = [] }]) =>
    ['main', ...workers].map((file) => `${name}/${file}`),
  );
  return [...INIT_PROGRAMS, ...modules];
}

/** Packages in CommonJS ask for Node's own modules through this. */
const REQUIRE =
  "import { createRequire as toRequire } from 'node:module'; const require = toRequire(import.meta.url);";

/**
 * `import` of `node:http` reads all of its exports, the WebSocket of undici among them, which loads undici: 20 ms and
 * some megabytes for what nothing uses. Node's own way to ask for the module reads none.
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

/** What few bottles need, or none before the first request; and how the bundle gets it. */
const LATER = {
  'node:http2': { names: Object.keys(http2), load: "process.getBuiltinModule('node:http2')" },
  yaml: { names: Object.keys(yaml), load: "require('yaml')" },
  re2js: { names: Object.keys(re2js), load: "require('re2js')" },
  // All of it is a fetch, a WebSocket and a cache as well.
  undici: { names: ['Agent'], load: "{ Agent: require('undici/lib/dispatcher/agent.js') }" },
};

/** Loads these when something of them is first used: 8 % less processor time until the port of egress is open. */
const later: Plugin = {
  name: 'later',
  setup({ onResolve, onLoad }) {
    const filter = new RegExp(`^(?:${Object.keys(LATER).join('|')})$`);
    onResolve({ filter }, ({ path, namespace }) =>
      namespace === 'later' ? undefined : { path, namespace: 'later' },
    );
    for (const [path, { names, load }] of Object.entries(LATER)) {
      // A package of CommonJS is itself among its exports, as `module.exports`.
      const getters = names
        .filter((name) => name !== 'module.exports')
        .map((name) => `get ${name}() { return ${load}.${name}; }`);
      const contents = `module.exports = { ${getters.join(', ')} };`;
      onLoad({ filter: new RegExp(`^${path}$`), namespace: 'later' }, () => ({ contents, resolveDir: KIT }));
    }
  },
};

export interface ProgramFile {
  /** Path below the programs' folder, with forward slashes. */
  readonly path: string;
  readonly content: Uint8Array;
}

/**
 * The daemons as the bundle runs them: one file of JavaScript each, with all that it imports inside. Node then neither
 * looks for some two hundred files nor strips types from them: a third of the time to start, two thirds of the memory.
 * The same content for the same sources, wherever they lie.
 */
export async function bundledPrograms(): Promise<ProgramFile[]> {
  const daemons = join(KIT, 'lib', 'daemons');
  const { outputFiles, metafile } = await build({
    absWorkingDir: KIT,
    entryPoints: programModules().map((name) => join(daemons, `${name}.ts`)),
    outbase: daemons,
    outdir: 'programs',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    banner: { js: REQUIRE },
    // Names of files in comments would differ from machine to machine.
    minifyWhitespace: true,
    logLevel: 'error',
    plugins: [plainHttp, later],
    metafile: true,
    write: false,
  });
  const programs = outputFiles.map(({ path, contents }) => ({
    path: path.slice(join(KIT, 'programs').length + 1).replaceAll(sep, '/'),
    content: contents,
  }));
  return [...programs, ...(await licencesOf(Object.keys(metafile.inputs)))];
}

/** The licences of the packages that these files are of: they ask to be with every copy. */
async function licencesOf(files: readonly string[]): Promise<ProgramFile[]> {
  const roots = new Map<string, string>();
  for (const file of files) {
    const match = /^(?<root>.*node_modules\/(?<name>(?:@[^/]+\/)?[^/]+))\//.exec(file);
    if (match?.groups !== undefined) roots.set(match.groups.name ?? '', join(KIT, match.groups.root ?? ''));
  }
  const found = [...roots].map(async ([name, root]) => {
    for (const file of ['LICENSE', 'LICENSE.txt', 'LICENSE.md']) {
      const content = await readFile(join(root, file)).catch(() => undefined);
      if (content !== undefined) return [{ path: `licences/${name}`, content }];
    }
    return [];
  });
  return (await Promise.all(found)).flat().toSorted((one, other) => (one.path < other.path ? -1 : 1));
}
