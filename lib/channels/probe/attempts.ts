import { BottleError } from '../../errors.ts';
import type { Bottle } from '../../guest/bottle.ts';
import { GUEST_TOOL } from '../../guest/tool.ts';
import type { GuestResult } from './findings.ts';
import type { Attempt } from './targets.ts';

/** Attempts give up after 2 s; the rest allows for a busy host. */
const TIMEOUT_MS = 60_000;

/** Lets the guest, as the agent, try what must fail. @throws BottleError when it cannot try. */
export async function makeAttempts(bottle: Bottle, attempts: readonly Attempt[]): Promise<GuestResult[]> {
  const words = attempts.flatMap((attempt) => [attempt.try, attempt.host, String(attempt.port)]);
  const result = await bottle.execAsAgent([GUEST_TOOL, 'probe', ...words], { timeoutMs: TIMEOUT_MS });
  if (result.exitCode === 0) return parseOutcomes(result.stdout, attempts);
  const lastLines = result.stderr.trim().split('\n').slice(-3).join('\n');
  throw new BottleError(
    'confinement-breached',
    `the probe did not run in the guest (exit ${result.exitCode}): ${lastLines}`,
    { hint: 'The launch stops because confinement could not be verified.' },
  );
}

/** Parses lines of `NUMBER OUTCOME[: DETAIL]`; ignores others, so that what they stand for counts as not tried. */
export function parseOutcomes(stdout: string, attempts: readonly { name: string }[]): GuestResult[] {
  return [...stdout.matchAll(/^(\d+) (connected|answered|timeout|failed)(?:: (.*))?$/gm)].flatMap(
    ([, number, outcome = '', detail]) => {
      const name = attempts[Number(number)]?.name;
      return name === undefined ? [] : [{ name, outcome, ...(detail === undefined ? {} : { detail }) }];
    },
  );
}
