import { takeSecrets } from '../../host/secret-pipes.ts';
import type { Phase } from '../../phases/phase.ts';
import { runPhase } from '../../phases/run-phase.ts';
import { parseFlags } from '../../terminal/flags.ts';
import { line, paint, seconds, type Verbosity } from '../../terminal/output.ts';
import { runScript } from '../../terminal/run-script.ts';

export const PHASE_FLAGS = {
  bottle: { type: 'string', help: 'the bottle, <agent>-<5 letters or digits>', required: true },
  force: { type: 'boolean', help: 'run the phase even when its record is up to date' },
  json: { type: 'boolean', help: 'print the record as JSON on stdout' },
} as const;

/** Output functions that a script provides. */
export interface Voice {
  /** Prints on stdout. */
  echo: (text: string) => void;
  /** Shows a spinner while `work` runs. */
  spinner: (title: string, work: () => Promise<unknown>) => unknown;
}

/**
 * Implements a phase's script: parses flags, prints one line on stderr and, with `--json`, the record on
 * stdout. The voice is loaded only when needed, since a launch runs eleven of these scripts.
 */
export async function phaseScript<T>(
  phase: Phase<T>,
  loadVoice: () => Promise<Voice>,
  /** Prompts that must come before the phase and its spinner start. */
  ask: (slug: string, options: { force: boolean; signal: AbortSignal }) => Promise<void> = async () => {},
): Promise<void> {
  await runScript(async ({ signal }) => {
    const needs = phase.needs.map((needed) => needed.name).join(', ') || 'nothing';
    const flags = parseFlags({
      name: phase.name,
      summary: phase.summary,
      flags: PHASE_FLAGS,
      notes: [`Needs: ${needs}`],
    });
    if (flags === undefined) return 0;
    takeSecrets(phase.name);
    await ask(flags.bottle, { force: flags.force, signal });
    // Phases run by make share one terminal, where spinners would overwrite each other.
    const alone = process.stderr.isTTY && process.env.MAKELEVEL === undefined && flags.verbosity !== 'quiet';
    const voice = alone || flags.json ? await loadVoice() : undefined;
    const work = () =>
      reportPhase(phase, flags.bottle, { ...flags, signal, ...(voice && { print: voice.echo }) });
    if (alone && voice) await voice.spinner(phase.name, work);
    else await work();
    return 0;
  });
}

export interface ReportOptions {
  force: boolean;
  json: boolean;
  verbosity: Verbosity;
  signal: AbortSignal;
  print?: (text: string) => void;
}

/** Runs a phase and reports the outcome; with `json`, passes its record to `print`. */
export async function reportPhase<T>(phase: Phase<T>, slug: string, options: ReportOptions): Promise<T> {
  const { force, json, verbosity, signal } = options;
  const label = phase.name.padEnd(14);
  const quiet = verbosity === 'quiet';
  const say = quiet
    ? () => {}
    : (text: string) => line(`${paint('dim', '·')} ${label} ${paint('dim', text)}`);
  const { record, ran } = await runPhase(phase, slug, { force, signal, say });
  const time = ran ? seconds(record.durationMs) : 'kept';
  if (!quiet) line(`${paint('green', '✓')} ${label} ${time.padStart(6)}  ${phase.describe(record.data)}`);
  if (json) options.print?.(JSON.stringify(record, null, 2));
  return record.data;
}
