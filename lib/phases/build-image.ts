import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { withExtraCa } from '../docker/build-context.ts';
import { docker } from '../docker/cli.ts';
import { buildImage as dockerBuild, imageId } from '../docker/image.ts';
import { BottleError } from '../errors.ts';
import { type Agent, agentSchema } from '../guest/agent.ts';
import { type Committed, committedPath, isWhole, readCommitted } from '../guest/committed.ts';
import { toolReference } from '../guest/tool-image.ts';
import { bootReference, ensureBootImage } from '../handoff/boot-image.ts';
import { ensureCapableImage, presentCapableImage } from '../handoff/capable-image.ts';
import { recipeDigest } from '../handoff/recipe.ts';
import type { Plan } from '../plan/schema.ts';
import { guestWorkspace } from '../plan/workspace.ts';
import type { Phase, PhaseContext } from './phase.ts';
import { prepare } from './prepare.ts';

const agentImage = z.strictObject({
  reference: z.string(),
  id: z.string(),
  /** The same with the guest's tool: what guests boot from. Its id is the cache key of artifacts. */
  boot: z.strictObject({ reference: z.string(), id: z.string() }),
  agent: agentSchema,
  /** The guest tool in it, see `toolReference`; absent in old records. */
  tool: z.string().optional(),
  /** The freeze from which the bottle boots, instead of the image. */
  committed: z
    .strictObject({ kind: z.enum(['artifact', 'archive']), path: z.string(), bytes: z.number() })
    .optional(),
});
export type AgentImage = z.infer<typeof agentImage>;

/** Builds the agent's image, unless nothing that it depends on has changed, and the one that guests boot from. */
export const buildImage: Phase<AgentImage> = {
  name: 'build-image',
  summary: 'build the agent’s image, unless nothing it depends on has changed',
  needs: [prepare],
  record: agentImage,
  durable: true,

  async run(context) {
    const plan = await context.read(prepare);
    const { image, capabilities = [], provider, workspace, agent: named } = plan;
    const committed = await usableCommitted(context);
    if (committed !== undefined) return fromCommitted(plan, committed);
    const base = image.kind === 'reference' ? image.reference : await build(context, image);
    const baseId = (await imageId(base)) ?? (await pull(base));
    const options = { ...context, agent: named.name };
    const { reference, id } = await ensureCapableImage(
      { reference: base, id: baseId },
      capabilities,
      options,
    );
    const { boot, agent } = await ensureBootImage({ reference, id }, provider, context);
    const directory = workspace === undefined ? agent.directory : guestWorkspace(agent.home);
    return { reference, id, boot, agent: { ...agent, directory }, tool: await toolReference() };
  },

  async isAlive(context, { reference, id, boot, committed }) {
    if (committed !== undefined)
      return (await stat(committed.path).catch(() => undefined))?.size === committed.bytes;
    const { image, capabilities = [], provider } = await context.read(prepare);
    const base = image.kind === 'reference' ? image.reference : (await buildTag(context, image)).tag;
    const baseId = await imageId(base);
    if (baseId === undefined) return false;
    const present = await presentCapableImage({ reference: base, id: baseId }, capabilities);
    if (present?.reference !== reference || present.id !== id) return false;
    if ((await bootReference(id, provider)) !== boot.reference) return false;
    return (await imageId(boot.reference)) === boot.id;
  },

  describe: ({ reference, id, agent, committed }) =>
    `${committed === undefined ? '' : 'frozen from '}${reference} (${id.replace('sha256:', '').slice(0, 16)}), runs as ${agent.name}`,
};

/** Returns the bottle's freeze, if it has one and it is whole. */
async function usableCommitted({ slug, say }: PhaseContext): Promise<Committed | undefined> {
  const committed = await readCommitted(slug);
  if (committed === undefined) return undefined;
  if (await isWhole(slug, committed)) return committed;
  say(`its frozen guest is missing or damaged (${committedPath(slug, committed)}); using its image instead`);
  return undefined;
}

function fromCommitted({ slug, provider }: Plan, committed: Committed): AgentImage {
  const { kind, bytes, origin, image, tool } = committed;
  const agent: Agent =
    provider.command.length > 0 ? { ...committed.agent, command: provider.command } : committed.agent;
  const path = committedPath(slug, committed);
  return { ...origin, boot: image, agent, tool, committed: { kind, path, bytes } };
}

type DockerfileSource = Extract<Plan['image'], { kind: 'dockerfile' }>;

async function build(context: PhaseContext, source: DockerfileSource): Promise<string> {
  const { tag, base } = await buildTag(context, source);
  if (!context.force && (await imageId(tag)) !== undefined) return tag;
  context.say(`building ${tag}`);
  const common = { tag, labels: {}, buildArguments: { BASE_IMAGE: base }, say: context.say };
  const run = (dockerfile: string, directory: string) =>
    dockerBuild({ ...common, dockerfile, context: directory, signal: context.signal });
  if (!source.extraCa) await run(source.dockerfile, source.context);
  else await withExtraCa(source.context, (copy) => run(source.dockerfile, copy));
  return tag;
}

/** Returns a tag with a digest of everything the image depends on: an image with that tag is up to date. */
async function buildTag(
  context: PhaseContext,
  source: DockerfileSource,
): Promise<{ tag: string; base: string }> {
  const { ensureBaseImage } = await import('../docker/base-images.ts');
  const base = await ensureBaseImage('node', { say: context.say, signal: context.signal });
  const digest = await recipeDigest(source.dockerfile, source.context, (await imageId(base.reference)) ?? '');
  return { tag: `${source.repository}:${digest.slice(0, 12)}`, base: base.reference };
}

async function pull(reference: string): Promise<string> {
  await docker(['pull', '--quiet', reference]);
  const id = await imageId(reference);
  if (id !== undefined) return id;
  throw new BottleError(
    'image-unavailable',
    `BOT_BOTTLE_IMAGE names ${reference}, which the engine does not have`,
    {
      hint: 'Build or pull it first, or unset BOT_BOTTLE_IMAGE.',
    },
  );
}
