import type { ForwardRequest, RefAnswer, RefCommand } from '../../contract/git-gate/control.ts';
import { isNone } from '../../contract/git-gate/control.ts';
import { printable } from '../../shared/ascii-json.ts';
import type { Mirror } from '../mirror.ts';
import { runRemote, type Upstream, UpstreamFault } from './upstream.ts';

export interface Forwarded {
  readonly refs: RefAnswer[];
  /** What upstream said beside. */
  readonly text: string;
}

/**
 * Pushes judged commands to upstream, each only if upstream's ref is still what it was when the agent pushed. Never
 * throws for what upstream does: that is in the answers.
 */
export async function forward(
  mirror: Mirror,
  upstream: Upstream,
  request: ForwardRequest,
): Promise<Forwarded> {
  const { commands } = request;
  const args = pushArguments(upstream.url, request);
  const result = await runRemote(mirror, upstream, args, upstream.times.transferMs);
  const answers = readPorcelain(result.stdout);
  const unanswered = new UpstreamFault(upstream, result.stderr).message;
  const refs = commands.map(({ ref }) => {
    const answer = answers.get(ref);
    return { ref, fault: answer === undefined ? printable(unanswered) : answer };
  });
  return { refs, text: saidBeside(result.stderr, answers) };
}

function pushArguments(url: string, { commands, atomic, options }: ForwardRequest): string[] {
  return [
    ...['push', '--porcelain', '--no-verify', '--no-signed', '--recurse-submodules=no'],
    ...(atomic ? ['--atomic'] : []),
    ...options.map((option) => `--push-option=${option}`),
    ...commands.map(({ ref, old }) => `--force-with-lease=${ref}:${isNone(old) ? '' : old}`),
    url,
    ...commands.map(refspec),
  ];
}

function refspec({ ref, new: id }: RefCommand): string {
  return isNone(id) ? `:${ref}` : `${id}:${ref}`;
}

/** Fault of each ref, `null` for none, from lines `flag TAB from:to TAB summary (reason)`. */
function readPorcelain(text: string): Map<string, string | null> {
  const answers = new Map<string, string | null>();
  for (const line of text.split('\n')) {
    const [flag = '', refs = '', summary = ''] = line.split('\t');
    const ref = refs.slice(refs.indexOf(':') + 1);
    if (flag.length !== 1 || ref === '') continue;
    const reason = /^\[[^\]]*\] \((?<reason>.*)\)$/.exec(summary)?.groups?.reason ?? summary;
    answers.set(ref, flag === '!' ? printable(reason) : null);
  }
  return answers;
}

/** Upstream's `remote:` lines; what git itself says where no answer tells it. */
function saidBeside(stderr: string, answers: ReadonlyMap<string, string | null>): string {
  const told = stderr.split('\n').map((line) => line.trimEnd());
  const theirs = told.filter((line) => line.startsWith('remote: ')).map((line) => line.slice(8));
  const isStale = [...answers.values()].includes('stale info');
  const advice = isStale ? ['git gate: upstream has moved on; fetch, and push again'] : [];
  return [...theirs, ...advice].map(printable).join('\n');
}
