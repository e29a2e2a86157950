import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { readFailures } from '../../bottle/failures.ts';
import { bottlePaths } from '../../bottle/paths.ts';
import { readRecord } from '../../bottle/records.ts';
import { BottleError, codeOfExit, type ErrorCode, isErrorCode } from '../../errors.ts';
import { childEnvironment } from '../../host/child-environment.ts';
import { KIT_DIRECTORY } from '../../host/directories.ts';
import { secretPipes } from '../../host/secret-pipes.ts';
import { LOCK_HELD_ENV, withBottleLock } from '../../phases/bottle-lock.ts';
import { PHASES } from '../../phases/graph.ts';
import { mintKeys } from '../../phases/mint-keys.ts';
import { prepare } from '../../phases/prepare.ts';
import { runPhase } from '../../phases/run-phase.ts';
import { phasePrograms } from './phase-programs.ts';

export interface UpOptions {
  signal: AbortSignal;
  quiet: boolean;
}

/** The most phases that the graph ever has ready at once. */
const JOBS = 4;

/** The descriptor after those of make and its phases, see `runGraph`. */
const FIRST_SECRET_PIPE = 4;

/**
 * Runs make over the phase graph in the bottle's directory, where records are targets: it runs phases whose
 * records are missing or out of date, concurrently where possible.
 * @throws BottleError with the code of the failed phase, which has already printed why on stderr.
 */
export async function up(slug: string, { signal, quiet }: UpOptions): Promise<void> {
  signal.throwIfAborted();
  await mintNoKeys(slug, signal);
  await withBottleLock(slug, { purpose: 'acquire', signal }, () => runGraph(slug, { signal, quiet }));
}

async function runGraph(slug: string, { signal, quiet }: UpOptions): Promise<void> {
  const needed = await secretsByPhase(slug);
  const secrets = secretPipes(needed, FIRST_SECRET_PIPE);
  const withheld = new Set(Object.values(needed).flat());
  const programs = await phasePrograms();
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
      // Phases write to descriptor 3, our stderr; make's own stderr is captured, to omit its `*** Error 71`.
      stdio: ['ignore', 'ignore', 'pipe', 2, ...secrets.contents],
      extendEnv: false,
      env: {
        ...withoutSecrets(childEnvironment('kit'), withheld),
        ...secrets.environment,
        KIT: KIT_DIRECTORY,
        BOTTLE: slug,
        [LOCK_HELD_ENV]: slug,
        PHASE_STDERR: '3',
        PHASE_PROGRAMS: programs.directory,
        PHASE_ENDING: programs.ending,
        PHASE_FLAGS: quiet ? '--quiet' : '',
        // An outer make's flags would name its job server, which make does not inherit here.
        MAKEFLAGS: '',
        MAKELEVEL: '',
      },
      // make forwards a SIGTERM to its children and waits for them; we wait for make.
      cancelSignal: signal,
      forceKillAfterDelay: false,
    },
  );
  const result = await make;
  if (result.exitCode === 0) return;
  signal.throwIfAborted();
  const [failed] = await readFailures(slug);
  if (failed !== undefined) {
    throw failedPhase(failed.phase, isErrorCode(failed.code) ? failed.code : 'internal');
  }
  // On a full disk, a phase cannot write down how it failed; make knows its exit code.
  const [, phase, exitCode] = /\b([a-z-]+)\.json\] Error (\d+)/.exec(result.stderr) ?? [];
  if (phase !== undefined) throw failedPhase(phase, codeOfExit(Number(exitCode)));
  throw new BottleError('internal', `make failed: ${result.stderr || result.shortMessage}`);
}

/** Returns the host variables whose values each phase needs, by phase. */
async function secretsByPhase(slug: string): Promise<Record<string, readonly string[]>> {
  const plan = await readRecord(slug, prepare.name, prepare.record);
  if (plan === undefined) return {};
  return Object.fromEntries(PHASES.map(({ name, secrets }) => [name, [...new Set(secrets?.(plan.data))]]));
}

/** Answers to prompts, and tokens under a name of the kit's, begin like its settings. */
function withoutSecrets(
  environment: Record<string, string>,
  names: ReadonlySet<string>,
): Record<string, string> {
  const isSecret = (name: string) => name.startsWith('BOT_BOTTLE_') && names.has(name);
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !isSecret(name)));
}

/**
 * Runs `mint-keys` here where it has nothing to make: a process of its own would cost more than all that it does. Not
 * again where make takes its record for up to date: a newer one would have make run the phases that need it.
 */
async function mintNoKeys(slug: string, signal: AbortSignal): Promise<void> {
  const plan = await readRecord(slug, prepare.name, prepare.record);
  if (plan === undefined || plan.data.git.some(({ key }) => key.kind === 'deploy')) return;
  const [made = 0, prepared = 0] = await Promise.all(
    [mintKeys, prepare].map(({ name }) => timeOf(slug, name)),
  );
  if (made > prepared) return;
  await runPhase(mintKeys, slug, { force: false, signal, say: () => {} });
}

/** When a record was written, in milliseconds since 1970; 0 for none. */
async function timeOf(slug: string, phase: string): Promise<number> {
  const found = await stat(join(bottlePaths.phases(slug), `${phase}.json`)).catch(() => undefined);
  return found?.mtimeMs ?? 0;
}

function failedPhase(phase: string, code: ErrorCode): BottleError {
  return new BottleError(code, `the phase ${phase} failed; the reason is shown above`);
}
