import { basename, join } from 'node:path';
import { stringify } from 'yaml';
import { pendingUndo } from '../bottle/journal.ts';
import { readMetadata, writeMetadata } from '../bottle/metadata.ts';
import { bottlePaths } from '../bottle/paths.ts';
import { assertPipelockImage } from '../bundle/pipelock-image.ts';
import { routesText } from '../daemons/contract/egress/routes.ts';
import { CONTAINER_PATHS } from '../daemons/contract/paths.ts';
import { ensureEngine } from '../docker/engine.ts';
import { HOME_LABEL, homeLabel } from '../docker/labels.ts';
import { findNetwork } from '../docker/network.ts';
import { BottleError } from '../errors.ts';
import { writeAtomically } from '../host/files.ts';
import type { Manifest } from '../manifest/types.ts';
import { networkName } from '../plan/names.ts';
import { preparedRoutes } from '../plan/routes-file.ts';
import type { Plan } from '../plan/schema.ts';
import { DEFAULT_MAX_BYTES } from '../plan/workspace.ts';
import { gateFiles } from '../prepare/git-plan.ts';
import { thisHost } from '../prepare/host.ts';
import { pipelockConfig } from '../prepare/pipelock-config.ts';
import { assertResolved, type LaunchChoice, preflight } from '../prepare/preflight.ts';
import { resolvePlan } from '../prepare/resolve-plan.ts';
import { isAtLeast, NEWEST_KNOWN } from '../smolvm/version.ts';
import { removeGrants } from '../supervise/grants-file.ts';
import { hasTerminal } from '../terminal/has-terminal.ts';
import type { PhaseContext } from './phase.ts';

/**
 * Does the work of `prepare`: checks everything that can be checked, and writes the files for daemons and
 * agent.
 * @throws BottleError with every problem that prevents the launch.
 */
export async function preparePlan(context: PhaseContext): Promise<Plan> {
  const choice = await recordedChoice(context.slug);
  const checked = await preflight({ ...choice, slug: context.slug }, thisHost(hasTerminal()));
  for (const warning of checked.manifest?.warnings ?? []) context.say(warning);
  const resolved = assertResolved(checked);
  const plan = resolvePlan(resolved);
  if (plan.smolvm.fake) {
    context.say('smolvm is the kit’s fake: it confines with namespaces and is not a security boundary');
  }
  if (!isAtLeast(NEWEST_KNOWN, plan.smolvm.version)) {
    context.say(
      `smolvm ${plan.smolvm.version.join('.')} is newer than any version this kit knows; treating it as ${NEWEST_KNOWN.join('.')}`,
    );
  }
  await ensureEngine({ say: context.say });
  // Preflight could not check this if the engine was not running yet.
  if (plan.daemons.includes('pipelock')) await assertPipelockImage('');
  await assertUnclaimed(context.slug);
  await writeInputs(context, plan, resolved.manifest);
  await noteTier(context, plan);
  return plan;
}

/** Checks that no bottle in another home uses the same name on this engine; labels make names collide. */
async function assertUnclaimed(slug: string): Promise<void> {
  const network = networkName(slug);
  const found = await findNetwork(network);
  const isOurs = found?.labels[HOME_LABEL] === homeLabel() && (await pendingUndo(slug)).length > 0;
  if (found === undefined || isOurs) return;
  throw new BottleError(
    'label-taken',
    `the Docker engine already has a network ${network}, which belongs to another bottle`,
    {
      hint: 'Choose another LABEL, or remove leftovers: `make cleanup`.',
    },
  );
}

async function recordedChoice(slug: string): Promise<LaunchChoice> {
  const metadata = await readMetadata(slug);
  if (metadata === undefined) throw new BottleError('state-missing', `no bottle is named ${slug}`);
  const { agent_name, bottle_names, cwd, env_file: envFile } = metadata;
  const choice = { agent: agent_name, bottles: bottle_names, cwd: cwd || process.cwd(), envFile };
  if (!metadata.copy_cwd) return choice;
  const { copy_cwd_secrets: takeSecrets = false, copy_cwd_max_bytes: maxBytes = DEFAULT_MAX_BYTES } =
    metadata;
  return { ...choice, workspace: { takeSecrets, maxBytes } };
}

async function noteTier({ slug, say }: PhaseContext, { smolvm }: Plan): Promise<void> {
  const metadata = await readMetadata(slug);
  if (metadata === undefined || metadata.tier === smolvm.tier) return;
  if (metadata.tier !== undefined)
    say(
      `it was confined in the tier ${metadata.tier} before, and is in ${smolvm.tier} now, with another smolvm`,
    );
  await writeMetadata({ ...metadata, tier: smolvm.tier });
}

async function writeInputs(context: PhaseContext, plan: Plan, manifest: Manifest): Promise<void> {
  await writeAtomically(bottlePaths.prompt(context.slug), manifest.agent.prompt);
  // What was granted belongs to the plan that it was granted for.
  await removeGrants(context.slug);
  await writeAtomically(bottlePaths.routes(context.slug), routesText(preparedRoutes(plan)));
  if (plan.git.length > 0) {
    for (const [name, text] of Object.entries(gateFiles(plan))) {
      await writeAtomically(join(bottlePaths.gitGate(context.slug), name), text);
    }
  }
  if (!plan.daemons.includes('pipelock')) return;
  const config = stringify(pipelockConfig(plan.egress));
  await writeAtomically(
    join(bottlePaths.pipelock(context.slug), basename(CONTAINER_PATHS.pipelockConfig)),
    config,
  );
}
