import { scaledDeadline } from '../host/deadline-factor.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

/** Milliseconds after which a verb of docker that asks or changes little counts as hung: a busy engine takes seconds. */
const QUICK_MS = MINUTE_MS;
/** For what reads or starts something big. */
const SLOW_MS = 5 * MINUTE_MS;

const QUICK = new Set(['exec', 'images', 'info', 'inspect', 'logs', 'ps', 'rm', 'top', 'version']);
const SLOW = new Set(['cp', 'create']);

/**
 * Returns how long a call of docker may take; undefined for those whose length nobody knows (builds, pulls, pushes, `save`,
 * `wait`), which end by their signal.
 */
export function dockerDeadline(args: readonly string[]): number | undefined {
  const deadline = usualDeadline(args);
  return deadline === undefined ? undefined : scaledDeadline(deadline);
}

function usualDeadline(args: readonly string[]): number | undefined {
  const [verb = '', what = ''] = args;
  if (verb === 'stop') return QUICK_MS + graceOf(args) * SECOND_MS;
  if (verb === 'run') return args.includes('--detach') ? SLOW_MS : undefined;
  if (verb === 'logs' && args.includes('--follow')) return undefined;
  if (verb === 'network' || (verb === 'image' && what !== 'save' && what !== 'load')) return QUICK_MS;
  if (QUICK.has(verb)) return QUICK_MS;
  return SLOW.has(verb) ? SLOW_MS : undefined;
}

function graceOf(args: readonly string[]): number {
  const seconds = Number(args[args.indexOf('-t') + 1]);
  return Number.isFinite(seconds) ? seconds : 0;
}
