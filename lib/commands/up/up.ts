import { join } from 'node:path';
import { execa } from 'execa';
import { readFailures } from '../../bottle/failures.ts';
import { bottlePaths } from '../../bottle/paths.ts';
import { BottleError, isErrorCode } from '../../errors.ts';
import { KIT_DIRECTORY } from '../../host/directories.ts';

export interface UpOptions {
  signal: AbortSignal;
  quiet: boolean;
}

/** As many phases at once as the graph ever has ready. */
const JOBS = 4;

/**
 * Runs make over the phase graph in the bottle's own directory, where a record is a target: what is there stays,
 * what is missing is made, what can run at the same time does.
 * @throws BottleError with the code of the phase that failed, which has said why on stderr already.
 */
export async function up(slug: string, { signal, quiet }: UpOptions): Promise<void> {
  signal.throwIfAborted();
  const make = execa(
    process.env.MAKE || 'make',
    [
      '--silent',
      `--jobs=${JOBS}`,
      `--directory=${bottlePaths.phases(slug)}`,
      `--makefile=${join(KIT_DIRECTORY, 'Makefile')}`,
      'probe.json',
    ],
    {
      reject: false,
      // Phases write to descriptor 3, which is our stderr; make's own `*** Error 71` would only bury their words.
      stdio: ['ignore', 'ignore', 'pipe', 2],
      env: {
        KIT: KIT_DIRECTORY,
        BOTTLE: slug,
        PHASE_STDERR: '3',
        PHASE_FLAGS: quiet ? '--quiet' : '',
        // Those of an outer make would name its job server, which is not handed on.
        MAKEFLAGS: '',
        MAKELEVEL: '',
      },
      // make hands a SIGTERM on to its children and waits for them; so do we.
      cancelSignal: signal,
      forceKillAfterDelay: false,
    },
  );
  const result = await make;
  if (result.exitCode === 0) return;
  signal.throwIfAborted();
  const [failed] = await readFailures(slug);
  if (failed === undefined)
    throw new BottleError('internal', `make failed: ${result.stderr || result.shortMessage}`);
  throw failedPhase(failed.phase, failed.code);
}

function failedPhase(phase: string, code: string): BottleError {
  return new BottleError(
    isErrorCode(code) ? code : 'internal',
    `the phase ${phase} failed; its reason stands above`,
  );
}
