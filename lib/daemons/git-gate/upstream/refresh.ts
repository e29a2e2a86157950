import { lines, type Mirror } from '../mirror.ts';
import type { GitResult } from '../run-git.ts';
import { confirmEmpty } from './confirm-empty.ts';
import { runRemote, type Upstream, UpstreamFault } from './upstream.ts';

const MIRRORED = /^refs\/(?:heads|tags)\//;

const FETCH = [
  ...['fetch', '--quiet', '--prune', '--no-write-fetch-head', '--no-auto-maintenance'],
  ...['--no-recurse-submodules', '--no-tags'],
];

/**
 * Brings the mirror's branches, tags and HEAD to what upstream has, which also mends what a killed push left. Asks
 * first: mostly nothing is new, and one connection will do.
 * @throws UpstreamFault
 */
export async function refresh(mirror: Mirror, upstream: Upstream): Promise<void> {
  const { times } = upstream;
  const listed = await remote(mirror, upstream, ['ls-remote', '--symref', upstream.url], times.askMs);
  const theirs = readListing(listed.stdout);
  if (theirs.refs.size === 0 && upstream.url.startsWith('https:')) await confirmEmpty(mirror, upstream);
  if (!isSame(await mirror.refs(), theirs.refs)) {
    await mirror.sweep();
    await mirror.setHash(hashOf(theirs));
    const specs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
    await remote(mirror, upstream, [...FETCH, upstream.url, ...specs], times.transferMs);
  }
  if (theirs.head !== undefined && theirs.head !== (await mirror.head())) {
    await mirror.git(['symbolic-ref', 'HEAD', theirs.head]);
  }
}

async function remote(
  mirror: Mirror,
  upstream: Upstream,
  args: readonly string[],
  timeoutMs: number,
): Promise<GitResult> {
  const result = await runRemote(mirror, upstream, args, timeoutMs);
  if (result.code === 0) return result;
  const late = result.timedOut ? `\nno answer within ${timeoutMs / 1000} s` : '';
  throw new UpstreamFault(upstream, result.stderr + late);
}

interface Listing {
  readonly refs: ReadonlyMap<string, string>;
  /** The branch that upstream's HEAD stands for; `undefined` where it tells none, as when it is empty. */
  readonly head: string | undefined;
}

/** Reads the output of `ls-remote --symref`. */
function readListing(text: string): Listing {
  const refs = new Map<string, string>();
  let head: string | undefined;
  for (const line of lines(text)) {
    const [what = '', name = ''] = line.split('\t');
    if (name === 'HEAD' && what.startsWith('ref: refs/heads/')) head = what.slice('ref: '.length);
    if (MIRRORED.test(name) && !name.endsWith('^{}')) refs.set(name, what);
  }
  return { refs, head };
}

/** By the length of its ids; one without any is like most. */
function hashOf({ refs }: Listing): 'sha1' | 'sha256' {
  return [...refs.values()].some((id) => id.length === 64) ? 'sha256' : 'sha1';
}

function isSame(ours: ReadonlyMap<string, string>, theirs: ReadonlyMap<string, string>): boolean {
  return ours.size === theirs.size && [...theirs].every(([name, id]) => ours.get(name) === id);
}
