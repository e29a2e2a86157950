import type { PushEnd } from '../contract/git-gate/control.ts';
import { asciiJson } from '../shared/ascii-json.ts';
import type { PushAccount } from './push.ts';

/**
 * One line about a push, in ASCII and without a secret: `verdict` is `deny` when a check refused it, `fail` when
 * upstream did, or nobody knows, and else `allow`.
 */
export function pushLine(account: PushAccount, traffic: PushEnd | undefined, bottle: string | null): string {
  const { repo, commands, checks, upstream, ms } = account;
  const isDenied = checks.some(({ faults }) => faults.length > 0);
  const isTaken = upstream?.every(({ fault }) => fault === null) === true;
  return asciiJson({
    time: new Date().toISOString(),
    bottle,
    event: 'push',
    repo,
    verdict: isDenied ? 'deny' : isTaken ? 'allow' : 'fail',
    refs: commands,
    checks,
    upstream: upstream ?? null,
    sent: traffic?.sent ?? null,
    received: traffic?.received ?? null,
    ms,
  });
}
