import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { rememberPorts } from '../bundle/published-ports.ts';
import { channelOf } from '../channels/channel-of.ts';
import { DAEMON_NAMES, type DaemonName, daemonPort } from '../daemons/contract/daemons.ts';
import { findContainer, hostPortOf } from '../docker/container.ts';
import { BottleError } from '../errors.ts';
import { agentFacing, proxyDaemonOf } from '../plan/agent-facing.ts';
import { allocate } from './allocate.ts';
import { type Phase, type PhaseContext, readAll } from './phase.ts';
import { prepare } from './prepare.ts';
import { startBundle } from './start-bundle.ts';

const urls = z.strictObject({
  /** Where the host publishes each daemon that the guest may use; the socket tier's relay reads it too. */
  published: z.array(
    z.strictObject({ daemon: z.enum(DAEMON_NAMES), host: z.ipv4(), port: z.number().int() }),
  ),
  /** URL of the guest's proxy as the guest sees it. */
  proxy: z.url(),
  /** URL of the git gate as the guest sees it; absent without repositories. */
  gitGate: z.url().optional(),
  /** URL of the supervise daemon as the guest sees it; absent without supervision. */
  supervise: z.url().optional(),
});
export type Urls = z.infer<typeof urls>;

/** Finds the host ports that the engine picked, and forms the guest's URLs from them. */
export const discoverUrls: Phase<Urls> = {
  name: 'discover-urls',
  summary: 'find the ports that the engine picked for the bundle, and form the guest’s URLs',
  needs: [prepare, allocate, startBundle],
  record: urls,
  durable: false,

  async run(context) {
    const found = await discover(context);
    // Best effort: with other ports, an agent that is at work would have to be started anew.
    await rememberPorts(context.slug, found.published).catch(() => {});
    return found;
  },

  async isAlive(context, data) {
    return isDeepStrictEqual(await discover(context), data);
  },

  describe: ({ proxy }) => proxy,
};

async function discover(context: PhaseContext): Promise<Urls> {
  const [plan, { alias }, { container }] = await readAll(context, prepare, allocate, startBundle);
  const found = await findContainer(container);
  const published = agentFacing(plan).map((daemon) => {
    const port = found && hostPortOf(found, daemonPort(daemon), alias);
    if (port !== undefined) return { daemon, host: alias, port };
    throw new BottleError('bundle-failed', `${daemon} is not published on ${alias} by ${container}`, {
      hint: 'Restart the bundle: run start-bundle with --force.',
    });
  });
  const channelContext = { slug: context.slug, alias, daemons: agentFacing(plan) };
  const urlOf = (daemon: DaemonName) => {
    const hostPort = published.find((place) => place.daemon === daemon)?.port ?? 0;
    const address = channelOf(plan.smolvm.tier).guestAddress(channelContext, daemon, hostPort);
    return `http://${address.host}:${address.port}`;
  };
  const gate = plan.daemons.includes('git-http') ? { gitGate: urlOf('git-http') } : {};
  const supervised = plan.daemons.includes('supervise') ? { supervise: urlOf('supervise') } : {};
  return { published, proxy: urlOf(proxyDaemonOf(plan)), ...gate, ...supervised };
}
