import { isDeepStrictEqual } from 'node:util';
import { BottleError } from '../errors.ts';
import type { SmolvmClient } from '../smolvm/client.ts';
import { readLaunchedPolicy } from '../smolvm/launched-policy.ts';
import { patchAllowedCidrs, readMachineRecord } from '../smolvm/state-db.ts';

/** The one policy a guest may have: this bottle's alias, nothing else. */
export function aliasPolicy(alias: string): string[] {
  return [`${alias}/32`];
}

/** Between create and start: sets the policy that `create --from` dropped, and reads it back. */
export function confineBeforeStart(machine: string, alias: string): void {
  patchAllowedCidrs(machine, aliasPolicy(alias));
  assertStoredPolicy(machine, alias);
}

/**
 * After start: the record, and what smolvm says it launched, must both be exactly the policy asked for.
 * @throws BottleError `confinement-breached` for anything else.
 */
export async function assertConfinedAfterStart(
  client: SmolvmClient,
  machine: string,
  alias: string,
): Promise<void> {
  assertStoredPolicy(machine, alias);
  const launched = await readLaunchedPolicy(await client.machineDataDirectory(machine));
  const expected = aliasPolicy(alias);
  if (!isDeepStrictEqual(launched.allowedCidrs, expected) || launched.ports > 0) {
    throw breached(
      `was started with ${JSON.stringify(launched)} instead of exactly ${expected.join(', ')}`,
      machine,
    );
  }
}

function assertStoredPolicy(machine: string, alias: string): void {
  const record = readMachineRecord(machine);
  const names = record.dns_filter_hosts ?? [];
  const exact = isDeepStrictEqual(record.allowed_cidrs, aliasPolicy(alias));
  // `network: true` would open the guest to everything the moment the list got lost.
  if (exact && !record.network && record.ports.length === 0 && names.length === 0) return;
  const found = { network: record.network, ports: record.ports.length, cidrs: record.allowed_cidrs, names };
  throw breached(`has the stored policy ${JSON.stringify(found)} instead of exactly ${alias}/32`, machine);
}

function breached(what: string, machine: string): BottleError {
  return new BottleError('confinement-breached', `the guest ${machine} ${what}`, {
    hint: 'Nothing was run in it. Report this with the output of `make doctor`.',
  });
}
