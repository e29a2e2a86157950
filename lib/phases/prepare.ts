import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { writeWhole } from '../bottle/files.ts';
import { readMetadata } from '../bottle/metadata.ts';
import { bottlePaths, KIT_DIRECTORY } from '../bottle/paths.ts';
import type { RoutesFile } from '../daemons/contract/routes.ts';
import { ensureEngine } from '../docker/engine.ts';
import { BottleError } from '../errors.ts';
import { chooseHandoff } from '../handoff/choose.ts';
import { dockerfileOf } from '../manifest/dockerfile.ts';
import { loadManifest } from '../manifest/load.ts';
import { manifestSources } from '../manifest/sources.ts';
import type { Manifest } from '../manifest/types.ts';
import { egressPlan } from '../plan/egress-plan.ts';
import { assertVariables, requiredVariables } from '../plan/host-variables.ts';
import { bundleName, machineName, networkName } from '../plan/names.ts';
import { type Plan, planSchema } from '../plan/schema.ts';
import { assertSupported } from '../plan/unsupported.ts';
import { providerFor } from '../providers/registry.ts';
import { findSmolvm } from '../smolvm/binary.ts';
import { isAtLeast, NEWEST_KNOWN, tierOf } from '../smolvm/version.ts';
import type { Phase, PhaseContext } from './phase.ts';

/** Where the kit's own stand-ins for smolvm are. */
const FAKES = join(KIT_DIRECTORY, 'smolvm-fakes', 'bin');
const DEMO_SMOLVM = join(FAKES, 'smolvm-0.8.0');

/** Manifest, host and versions in; one immutable plan and the files that daemons and agent read out. */
export const prepare: Phase<Plan> = {
  name: 'prepare',
  summary: 'resolve the manifest into a plan, and check everything that can be checked beforehand',
  needs: [],
  record: planSchema,
  durable: true,

  async run(context) {
    const agent = await agentOf(context.slug);
    const manifest = await loadManifest(agent, manifestSources());
    for (const warning of manifest.warnings) context.say(warning);
    assertSupported(manifest);
    const plan = await resolvePlan(context.slug, manifest);
    assertVariables(requiredVariables(plan));
    if (plan.smolvm.fake) {
      context.say('smolvm here is the kit’s fake: it confines with namespaces and is no security boundary');
    }
    if (!isAtLeast(NEWEST_KNOWN, plan.smolvm.version)) {
      context.say(
        `smolvm ${plan.smolvm.version.join('.')} is newer than any that this kit knows: taken for ${NEWEST_KNOWN.join('.')}`,
      );
    }
    await ensureEngine({ say: context.say });
    await writeInputs(context, plan, manifest);
    return plan;
  },

  async isAlive() {
    return true;
  },

  describe: (plan) => `${plan.agent.name} in ${plan.bottle.name}, smolvm ${plan.smolvm.version.join('.')}`,
};

async function agentOf(slug: string): Promise<string> {
  const metadata = await readMetadata(slug);
  if (metadata !== undefined) return metadata.agent_name;
  throw new BottleError('state-missing', `there is no bottle ${slug}`);
}

async function resolvePlan(slug: string, manifest: Manifest): Promise<Plan> {
  const { agent, bottle, bottles } = manifest;
  const provider = providerFor(bottle.provider.template);
  const isDemo = agent.origin === 'examples' && agent.name === 'demo';
  const smolvm = await findSmolvm(isDemo ? DEMO_SMOLVM : undefined);
  const tier = tierOf(smolvm.version);
  return {
    slug,
    agent: { name: agent.name, file: agent.file },
    bottle: { name: bottles.map(({ name }) => name).join('+'), file: (bottles.at(-1) ?? bottles[0]).file },
    smolvm: {
      path: smolvm.path,
      version: [...smolvm.version],
      tier,
      fake: realpathSync(smolvm.path).startsWith(`${realpathSync(FAKES)}/`),
    },
    names: { machine: machineName(slug), network: networkName(slug), bundle: bundleName(slug) },
    image: imageSource(manifest),
    handoff: chooseHandoff(tier),
    provider: {
      template: provider.template,
      command: [...provider.command(bottle.provider.command)],
      user: provider.user,
      home: provider.home,
    },
    hasPrompt: agent.prompt !== '',
    environment: environmentOf(bottle),
    egress: egressPlan(bottle.egress),
    daemons: ['selftest', 'egress'],
  };
}

function imageSource(manifest: Manifest): Plan['image'] {
  const reference = process.env.BOT_BOTTLE_IMAGE;
  if (reference) return { kind: 'reference', reference };
  const dockerfile = dockerfileOf(manifest);
  const { template } = manifest.bottle.provider;
  if (dockerfile === undefined) {
    const file = manifest.origins.agent_provider?.file ?? manifest.bottles[0].file;
    throw new BottleError('manifest-invalid', `${file}: agent_provider.dockerfile is missing`, {
      hint: `The template '${template}' brings no image of its own: name a Dockerfile, or set BOT_BOTTLE_IMAGE.`,
    });
  }
  const repository = `bot-bottle-${template}`;
  return { kind: 'dockerfile', repository, dockerfile, context: dirname(dockerfile) };
}

function environmentOf(bottle: Manifest['bottle']): Plan['environment'] {
  const literals: Record<string, string> = {};
  const forwarded: Record<string, string> = {};
  for (const [name, value] of Object.entries(bottle.env)) {
    if (value.kind === 'literal') literals[name] = value.value;
    if (value.kind === 'host') forwarded[name] = value.variable;
  }
  return { literals, forwarded };
}

async function writeInputs(context: PhaseContext, plan: Plan, manifest: Manifest): Promise<void> {
  await writeWhole(bottlePaths.prompt(context.slug), manifest.agent.prompt);
  const routes: RoutesFile = { version: 1, routes: plan.egress.routes };
  await writeWhole(join(bottlePaths.egress(context.slug), 'routes.yaml'), stringify(routes));
}
