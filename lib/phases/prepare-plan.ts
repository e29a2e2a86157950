import { basename, join } from 'node:path';
import { stringify } from 'yaml';
import { pendingUndo } from '../bottle/journal.ts';
import { readMetadata } from '../bottle/metadata.ts';
import { bottlePaths } from '../bottle/paths.ts';
import { assertPipelockImage } from '../bundle/pipelock-image.ts';
import { type RoutesFile, routesText } from '../daemons/contract/egress/routes.ts';
import { CONTAINER_PATHS } from '../daemons/contract/paths.ts';
import { ensureEngine } from '../docker/engine.ts';
import { findNetwork } from '../docker/network.ts';
import { BottleError } from '../errors.ts';
import { writeAtomically } from '../host/files.ts';
import type { Manifest } from '../manifest/types.ts';
import { networkName } from '../plan/names.ts';
import type { Plan } from '../plan/schema.ts';
import { thisHost } from '../prepare/host.ts';
import { pipelockConfig } from '../prepare/pipelock-config.ts';
import { assertResolved, type LaunchChoice, preflight } from '../prepare/preflight.ts';
import { resolvePlan } from '../prepare/resolve-plan.ts';
import { isAtLeast, NEWEST_KNOWN } from '../smolvm/version.ts';
import { hasTerminal } from '../terminal/has-terminal.ts';
import type { PhaseContext } from './phase.ts';

/**
 * The work of `prepare`: checks all that can be checked, and writes the files that daemons and agent read.
 * @throws BottleError with everything that stands in the way.
 */
export async function preparePlan(context: PhaseContext): Promise<Plan> {
  const choice = await recordedChoice(context.slug);
  const checked = await preflight({ ...choice, slug: context.slug }, thisHost(hasTerminal()));
  for (const warning of checked.manifest?.warnings ?? []) context.say(warning);
  const resolved = assertResolved(checked);
  const plan = resolvePlan(resolved);
  if (plan.smolvm.fake) {
    context.say('smolvm here is the kit’s fake: it confines with namespaces and is no security boundary');
  }
  if (!isAtLeast(NEWEST_KNOWN, plan.smolvm.version)) {
    context.say(
      `smolvm ${plan.smolvm.version.join('.')} is newer than any that this kit knows: taken for ${NEWEST_KNOWN.join('.')}`,
    );
  }
  await ensureEngine({ say: context.say });
  // Preflight could not ask an engine that did not run yet.
  if (plan.daemons.includes('pipelock')) await assertPipelockImage('');
  await assertUnclaimed(context.slug);
  await writeInputs(context, plan, resolved.manifest);
  return plan;
}

/** A label names its bottle, and another home of this machine, with the same engine, may have one of that name. */
async function assertUnclaimed(slug: string): Promise<void> {
  const network = networkName(slug);
  if ((await pendingUndo(slug)).length > 0 || (await findNetwork(network)) === undefined) return;
  throw new BottleError(
    'label-taken',
    `the Docker engine has a network ${network}, which is not this bottle’s`,
    {
      hint: 'Choose another LABEL, or remove what was left over: `make cleanup`.',
    },
  );
}

async function recordedChoice(slug: string): Promise<LaunchChoice> {
  const metadata = await readMetadata(slug);
  if (metadata === undefined) throw new BottleError('state-missing', `there is no bottle ${slug}`);
  const { agent_name, bottle_names, cwd } = metadata;
  return { agent: agent_name, bottles: bottle_names, cwd: cwd || process.cwd() };
}

async function writeInputs(context: PhaseContext, plan: Plan, manifest: Manifest): Promise<void> {
  await writeAtomically(bottlePaths.prompt(context.slug), manifest.agent.prompt);
  const { log, learn, routes } = plan.egress;
  const file: RoutesFile = { version: 1, log, learn, routes };
  await writeAtomically(join(bottlePaths.egress(context.slug), 'routes.yaml'), routesText(file));
  if (!plan.daemons.includes('pipelock')) return;
  const config = stringify(pipelockConfig(plan.egress));
  await writeAtomically(
    join(bottlePaths.pipelock(context.slug), basename(CONTAINER_PATHS.pipelockConfig)),
    config,
  );
}
