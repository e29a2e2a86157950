import { isNone } from '../../contract/git-gate/control.ts';
import type { Finding } from '../../detection/index.ts';
import { lines } from '../mirror.ts';
import { GitFault } from '../run-git.ts';
import type { Pending } from './check.ts';
import { contentsOf } from './contents.ts';
import type { NewObject } from './new-objects.ts';
import { safeName } from './safe-name.ts';

/** Hex digits of an id that are told; git takes them as the id. */
const SHORT = 12;

/** Where a finding is, for the agent to find it: commit, file, line. */
export async function placeOf(object: NewObject, finding: Finding, pending: Pending): Promise<string> {
  const { id, type, path } = object;
  if (type === 'commit') return `${await partOf(object, finding, pending)} of commit ${id.slice(0, SHORT)}`;
  if (type === 'tag') return `${await partOf(object, finding, pending)} of tag object ${id.slice(0, SHORT)}`;
  const commit = await commitWith(object, pending);
  const where = commit === undefined ? '' : `, commit ${commit.slice(0, SHORT)}`;
  const name = safeName(path, pending.scan);
  if (type === 'tree') return `the name of a file in ${name === '' ? 'the topmost directory' : name}${where}`;
  const line = finding.inPlainSight ? await lineOf(object, finding.value, pending) : undefined;
  const place =
    line === undefined ? 'encoded, packed or binary there, so no line can be told' : `line ${line}`;
  return `${name === '' ? `object ${id.slice(0, SHORT)}` : name}, ${place}${where}`;
}

/** Commits and tags: a head with people in it, an empty line, the message. */
async function partOf({ id, type }: NewObject, { value, inPlainSight }: Finding, pending: Pending) {
  if (!inPlainSight) return 'the message or the names of people, encoded,';
  const text = await pending.mirror.git(['cat-file', type, id], pending.local);
  const start = text.indexOf('\n\n') + 2;
  const at = text.indexOf(value, start);
  if (at < 0) return 'the names of people, or another header,';
  return `the message, line ${text.slice(start, at).split('\n').length},`;
}

/** The first of the new commits that has the object; `undefined` when git finds none. */
async function commitWith(
  { id }: NewObject,
  { mirror, commands, local }: Pending,
): Promise<string | undefined> {
  const tips = commands.filter(({ new: tip }) => !isNone(tip)).map(({ new: tip }) => tip);
  const args = ['log', '--format=%H', '-t', '-m', `--find-object=${id}`, '--stdin', '--not', '--all'];
  try {
    return lines(await mirror.git(args, { ...local, input: `${tips.join('\n')}\n` })).at(-1);
  } catch (error) {
    // Only the place is unknown then, and the finding stands.
    if (error instanceof GitFault) return undefined;
    throw error;
  }
}

async function lineOf(
  object: NewObject,
  value: string,
  { mirror, local }: Pending,
): Promise<number | undefined> {
  const wanted = Buffer.from(value);
  let line = 1;
  let tail = Buffer.alloc(0);
  for await (const { bytes } of contentsOf([object], mirror, local)) {
    for await (const chunk of bytes) {
      const text = Buffer.concat([tail, chunk]);
      const at = text.indexOf(wanted);
      if (at >= 0) return line + breaksIn(text.subarray(0, at));
      const kept = Math.max(0, text.length - wanted.length + 1);
      line += breaksIn(text.subarray(0, kept));
      tail = text.subarray(kept);
    }
  }
  return undefined;
}

function breaksIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) count += 1;
  return count;
}
