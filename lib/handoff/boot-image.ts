import { createHash } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage, type ImageConfig, imageConfig, imageId, imageLabel } from '../docker/image.ts';
import { readImageFiles } from '../docker/image-files.ts';
import { KIND_LABEL } from '../docker/labels.ts';
import { BottleError } from '../errors.ts';
import { type Agent, type AgentUser, agentUser } from '../guest/agent.ts';
import { GUEST_TOOL } from '../guest/tool.ts';
import { ensureToolImage, toolReference } from '../guest/tool-image.ts';
import { type ResolvedUser, resolveUser, type WantedUser } from './image-user.ts';

/** Label of a boot image with the agent's user, as JSON. */
const AGENT_LABEL = 'bot-bottle.agent';
/** Raise it when the choice of the user changes. */
const RECIPE = 1;

export interface BootImage {
  reference: string;
  /** `sha256:…`; the cache key of what a guest boots from. */
  id: string;
}

/** What the plan says about the agent. */
export interface WantedAgent extends WantedUser {
  /** Empty for the image's own ENTRYPOINT and CMD. */
  command: readonly string[];
}

export interface BootImageOptions {
  signal: AbortSignal;
  say: (line: string) => void;
  /** Build even if the engine has it. */
  force: boolean;
}

/**
 * Makes of the agent's image what a guest boots from: with the guest tool, and with a user for the agent if it
 * has none. smolvm runs an image's command as its USER in its WORKDIR before the guest is prepared; here, that is
 * the tool, as root, doing nothing.
 * @throws BottleError `image-unusable` when the image lacks what the kit needs of it.
 */
export async function ensureBootImage(
  image: BootImage,
  wanted: WantedAgent,
  options: BootImageOptions,
): Promise<{ boot: BootImage; agent: Agent }> {
  const reference = await bootReference(image.id, wanted);
  const config = await imageConfig(image.reference);
  const user =
    (!options.force && (await knownUser(reference))) ||
    (await build(image, reference, config, wanted, options));
  const boot = { reference, id: (await imageId(reference)) ?? '' };
  return { boot, agent: { ...user, ...settingsOf(config, user, wanted) } };
}

/** Returns the reference of the boot image for an image of the agent, and the tool's current source. */
export async function bootReference(imageId: string, { user, home, guestHome }: WantedUser): Promise<string> {
  const recipe = JSON.stringify([
    RECIPE,
    dockerfile(imageId, await toolReference(), undefined),
    user,
    home,
    guestHome,
  ]);
  return `bot-bottle-boot:${createHash('sha256').update(recipe).digest('hex').slice(0, 12)}`;
}

async function knownUser(reference: string): Promise<AgentUser | undefined> {
  const label = await imageLabel(reference, AGENT_LABEL);
  return label === undefined ? undefined : agentUser.parse(JSON.parse(label));
}

async function build(
  image: BootImage,
  reference: string,
  { user }: ImageConfig,
  wanted: WantedUser,
  { say, signal }: BootImageOptions,
): Promise<AgentUser> {
  const files = await readImageFiles(image.reference, ['/bin/sh', '/etc/passwd', '/etc/group']);
  if (files['/bin/sh'] === undefined) {
    throw new BottleError(
      'image-unusable',
      'the agent’s image has no /bin/sh, which the kit needs in the guest',
      {
        hint: 'Use an image with a POSIX shell: of a distroless image, its variant with busybox.',
      },
    );
  }
  const users = { user, passwd: files['/etc/passwd'] ?? '', group: files['/etc/group'] ?? '' };
  const { agent, added } = resolveUser(users, wanted);
  if (wanted.user !== undefined && agent.name !== wanted.user) {
    say(`the image has no user ${wanted.user}; the agent runs as ${agent.name}`);
  }
  if (added !== undefined) say(`the image has only users of the system; added ${agent.name} for the agent`);
  const tool = await ensureToolImage({ say, signal });
  await inContext(dockerfile(image.reference, tool, added), added, (context) =>
    buildImage({
      tag: reference,
      dockerfile: join(context, 'Dockerfile'),
      context,
      labels: { [KIND_LABEL]: 'boot', [AGENT_LABEL]: JSON.stringify(agent) },
      buildArguments: {},
      say,
      signal,
    }),
  );
  return agent;
}

function dockerfile(image: string, tool: string, added: ResolvedUser['added']): string {
  return [
    `FROM ${image}`,
    `COPY --from=${tool} /guest-tool ${GUEST_TOOL}`,
    ...(added === undefined ? [] : ['COPY --chown=0:0 passwd group /etc/']),
    // By number: an image may have no /etc/passwd.
    'USER 0',
    'WORKDIR /',
    `ENTRYPOINT ${JSON.stringify([GUEST_TOOL, 'idle'])}`,
    'CMD []',
    '',
  ].join('\n');
}

async function inContext(
  text: string,
  added: ResolvedUser['added'],
  work: (context: string) => Promise<void>,
): Promise<void> {
  const context = await mkdtemp(join(tmpdir(), 'bot-bottle-boot-'));
  try {
    for (const [name, content] of Object.entries({ Dockerfile: text, ...added })) {
      await writeFile(join(context, name), content);
      await chmod(join(context, name), 0o644);
    }
    await work(context);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

function settingsOf(
  { directory, environment, entrypoint, cmd }: ImageConfig,
  { home }: AgentUser,
  wanted: WantedAgent,
): Pick<Agent, 'directory' | 'environment' | 'command'> {
  const command = wanted.command.length > 0 ? [...wanted.command] : [...entrypoint, ...cmd];
  if (command.length === 0) {
    throw new BottleError(
      'image-unusable',
      'the bottle names no command, and the agent’s image has neither ENTRYPOINT nor CMD',
      { hint: 'Add `command: [PROGRAM, ARGUMENT, …]` to agent_provider, or a CMD to the Dockerfile.' },
    );
  }
  return { directory: directory === '' || directory === '/' ? home : directory, environment, command };
}
