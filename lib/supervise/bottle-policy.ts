import { bottlePaths } from '../bottle/paths.ts';
import { digestOf, readRecord } from '../bottle/records.ts';
import { type AllowedValues, type RoutesFile, routesFile } from '../daemons/contract/egress/routes.ts';
import { readDecision, readProposal } from '../daemons/contract/supervise/read-queue.ts';
import { BottleError } from '../errors.ts';
import { withLock } from '../host/lock.ts';
import { preparedRoutes } from '../plan/routes-file.ts';
import { type Plan, planSchema } from '../plan/schema.ts';
import {
  type Grant,
  hasExpired,
  readGrants,
  routeGrants,
  type ValueGrant,
  valueGrants,
} from './grants-file.ts';
import { mergeGrants } from './merge-grants.ts';

/** What a bottle may let out: what was prepared, and what persons have granted since. */
export interface BottlePolicy {
  readonly plan: Plan;
  /** Oldest first, without what has expired. */
  readonly grants: readonly Grant[];
}

/** Milliseconds; who holds the lock waits for egress at most. */
const LOCK_TIMEOUT_MS = 60_000;

/** Runs `work` while nobody else decides about the bottle's proposals or changes its grants. */
export async function withPolicyLock<T>(bottle: string, work: () => Promise<T>): Promise<T> {
  return await withLock(bottlePaths.policyLock(bottle), work, { timeoutMs: LOCK_TIMEOUT_MS });
}

/**
 * Reads the policy. A grant whose loading was interrupted counts if the decision about it was still written.
 * @throws BottleError `state-missing`, `state-corrupt`
 */
export async function readPolicy(bottle: string, now = Date.now()): Promise<BottlePolicy> {
  const plan = (await readRecord(bottle, 'prepare', planSchema))?.data;
  if (plan === undefined) {
    throw new BottleError('state-missing', `the bottle ${bottle} was not prepared`, {
      hint: '`make status` lists bottles.',
    });
  }
  const grants = (await readGrants(bottle)).filter((grant) => !hasExpired(grant, now));
  const settled: Grant[] = [];
  for (const grant of grants) {
    if (grant.state === 'in-force') settled.push(grant);
    else if (await wasTold(bottle, grant.id)) settled.push({ ...grant, state: 'in-force' });
  }
  return { plan, grants: settled };
}

/** What egress is to have in force. */
export function effectiveRoutes({ plan, grants }: BottlePolicy): RoutesFile {
  const prepared = preparedRoutes(plan);
  const granted = routeGrants(grants).map(({ route }) => route);
  const allowed = valueGrants(grants).map(allowedValues);
  return routesFile.parse({
    ...prepared,
    ...(allowed.length === 0 ? {} : { allowed_values: allowed }),
    routes: mergeGrants(prepared.routes, granted),
  });
}

function allowedValues({ id, request: { host, values }, expires_at: expires }: ValueGrant): AllowedValues {
  const marks = values.map(({ mark }) => mark);
  return { grant: id, host, marks, ...(expires === undefined ? {} : { expires_at: expires }) };
}

/** Equal for two readings of the same routes. */
export function versionOf(policy: BottlePolicy): string {
  return digestOf(effectiveRoutes(policy).routes);
}

async function wasTold(bottle: string, id: string): Promise<boolean> {
  const directory = bottlePaths.superviseQueue(bottle);
  const proposal = await readProposal(directory, bottle, id);
  if (proposal === undefined || 'fault' in proposal) return false;
  const decided = await readDecision(directory, proposal.value);
  if (decided === undefined || 'fault' in decided) return false;
  return decided.value.verdict.state === 'approved' || decided.value.verdict.state === 'modified';
}
