import type { Mirror } from '../mirror.ts';
import { runRemote, type Upstream, UpstreamFault } from './upstream.ts';

/** What a server of git's smart HTTP begins its answer with, as git traces it. */
const GREETING = /< (?:version [12]|# service=git-upload-pack)$/m;

/**
 * Makes sure that an upstream without branches is a repository: git takes any short page, such as that of a proxy, for
 * an empty one of the older protocol.
 * @throws UpstreamFault
 */
export async function confirmEmpty(mirror: Mirror, upstream: Upstream): Promise<void> {
  const traced = { ...upstream, environment: { ...upstream.environment, GIT_TRACE_PACKET: '1' } };
  const { code, stderr } = await runRemote(mirror, traced, ['ls-remote', upstream.url], upstream.times.askMs);
  if (code === 0 && GREETING.test(stderr)) return;
  throw new UpstreamFault(upstream, 'it does not answer like a git server');
}
