import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { keepingPlaces, REQUIRE_BANNER } from '../../host/bundling.ts';
import { startingWithout } from '../../host/child-environment.ts';
import { KIT_DIRECTORY } from '../../host/directories.ts';
import { type Computed, remembered } from '../../host/remembered.ts';
import { PHASES } from '../../phases/graph.ts';

/** A program of each phase, `NAME.ENDING` in `directory`. */
export interface PhasePrograms {
  readonly directory: string;
  readonly ending: 'ts' | 'mjs';
}

const SCRIPTS = join(KIT_DIRECTORY, 'scripts');
const BUNDLES = join(KIT_DIRECTORY, 'node_modules', '.kit', 'phases');
const DAY_MS = 86_400_000;

/**
 * Returns what make runs as phases: bundles of the phases' scripts, which start in a third of the time, since Node finds four
 * hundred files less. They are made when a source is another one than before. Where they cannot be, the scripts
 * themselves: they do the same.
 */
export async function phasePrograms(bundles = BUNDLES): Promise<PhasePrograms> {
  try {
    const make = () => bundle(bundles);
    const known = join(bundles, await remembered(join(bundles, 'current.json'), make));
    return { directory: existsSync(known) ? known : join(bundles, (await make()).value), ending: 'mjs' };
  } catch {
    return { directory: SCRIPTS, ending: 'ts' };
  }
}

/** @returns the name of the bundles' folder, which follows from their content. */
async function bundle(bundles: string): Promise<Computed> {
  const { build } = await import('esbuild');
  const { outputFiles, metafile } = await startingWithout(() =>
    build({
      absWorkingDir: KIT_DIRECTORY,
      entryPoints: PHASES.map(({ name }) => join(SCRIPTS, `${name}.ts`)),
      outdir: 'phases',
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      platform: 'node',
      target: 'node24',
      format: 'esm',
      banner: { js: REQUIRE_BANNER },
      // It is a program, which it finds from its own folder.
      external: ['esbuild'],
      plugins: [keepingPlaces(/\/lib\/.*\.ts$/)],
      logLevel: 'silent',
      metafile: true,
      write: false,
    }),
  );
  const digest = createHash('sha256');
  for (const { path, contents } of outputFiles) digest.update(`${basename(path)}\0`).update(contents);
  const name = digest.digest('hex').slice(0, 16);
  if (!existsSync(join(bundles, name))) {
    await removeOld(bundles);
    const partial = join(bundles, `${name}.${process.pid}`);
    await mkdir(partial, { recursive: true });
    for (const { path, contents } of outputFiles) await writeFile(join(partial, basename(path)), contents);
    // Another launch may have been quicker.
    await rename(partial, join(bundles, name)).catch(() => rm(partial, { recursive: true }));
  }
  const inputs = Object.keys(metafile.inputs).map((input) => join(KIT_DIRECTORY, input));
  return { value: name, inputs: [join(KIT_DIRECTORY, 'package-lock.json'), ...inputs] };
}

/** A launch that runs may still use those of before. */
async function removeOld(bundles: string): Promise<void> {
  for (const name of await readdir(bundles).catch(() => [])) {
    // Another launch may remove them too.
    const made = (await stat(join(bundles, name)).catch(() => undefined))?.mtimeMs ?? 0;
    if (Date.now() - made > DAY_MS) await rm(join(bundles, name), { recursive: true, force: true });
  }
}
