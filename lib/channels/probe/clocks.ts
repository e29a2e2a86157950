import { docker } from '../../docker/cli.ts';
import { BottleError } from '../../errors.ts';
import type { Bottle } from '../../guest/bottle.ts';
import type { ProbeFinding } from './findings.ts';

/** Milliseconds by which clocks may differ: certificates are made an hour before they count. */
const MOST_APART_MS = 60 * 60_000;
const DAY_MS = 24 * 60 * 60_000;

/** What a TLS library says of a certificate that does not count yet, or any longer. */
const OF_TIME = /certificate (?:is not yet valid|has expired)|CERT_NOT_YET_VALID|CERT_HAS_EXPIRED/i;

/**
 * Explains a failed probe by a clock that is wrong, if that is all that is wrong: nothing that had to fail has worked.
 * @returns undefined when it is something else.
 */
export async function clockTrouble(
  wrong: readonly ProbeFinding[],
  bottle: Pick<Bottle, 'exec'>,
): Promise<BottleError | undefined> {
  const isOfTime = wrong.some(({ outcome }) => OF_TIME.test(outcome));
  if (!isOfTime || wrong.some(({ expected }) => expected === 'fails')) return undefined;
  const [engine, guest] = await Promise.all([
    docker(['info', '--format', '{{.SystemTime}}']).then(Date.parse),
    bottle.exec(['/bin/sh', '-c', 'date +%s']).then(({ stdout }) => Number(stdout) * 1_000),
  ]);
  const here = Date.now();
  const clocks = [
    { of: 'the Docker engine', apart: engine - here },
    { of: 'the guest', apart: guest - here },
  ];
  const off = clocks.filter(({ apart }) => Math.abs(apart) > MOST_APART_MS);
  const said = off.map(({ of, apart }) => `the clock of ${of} is ${distance(apart)} this machine’s`);
  const what = said.length > 0 ? said.join(', and ') : 'the clock of this machine has been changed';
  return new BottleError('bundle-not-ready', `${what}, so the bottle’s certificates do not count`, {
    hint: 'Set the clocks (restart Docker’s virtual machine if it has one), then launch again.',
  });
}

function distance(apart: number): string {
  const days = Math.round(Math.abs(apart) / DAY_MS);
  const text =
    days > 0 ? `${days} day${days === 1 ? '' : 's'}` : `${Math.round(Math.abs(apart) / 60_000)} minutes`;
  return `${text} ${apart < 0 ? 'behind' : 'ahead of'}`;
}
