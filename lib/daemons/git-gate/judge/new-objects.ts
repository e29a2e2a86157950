import { isNone, type RefCommand } from '../../contract/git-gate/control.ts';
import type { LocalGit, Mirror } from '../mirror.ts';
import { GitFault, startGit } from '../run-git.ts';

export interface NewObject {
  readonly id: string;
  readonly type: 'commit' | 'tree' | 'blob' | 'tag';
  /** Bytes. */
  readonly size: number;
  /** One at which it is found; empty for commits, tags and the topmost directory. */
  readonly path: string;
}

export type NewObjects = readonly NewObject[];

/** Objects of one push, which are all kept in memory; a larger history comes in several pushes. */
const MAX_OBJECTS = 250_000;

const LINE = /^(?<type>commit|tree|blob|tag) (?<size>\d+) (?<id>[0-9a-f]+) ?(?<path>.*)$/s;

/** Lists what the commands lead to and the mirror's refs do not. @throws GitFault */
export async function newObjects(
  mirror: Mirror,
  commands: readonly RefCommand[],
  local: LocalGit,
): Promise<NewObjects> {
  const tips = commands.filter(({ new: id }) => !isNone(id)).map(({ new: id }) => id);
  if (tips.length === 0) return [];
  const walk = startGit(
    mirror.arguments(['rev-list', '--objects', '--stdin', '--not', '--all']),
    mirror.options({ ...local, input: `${tips.join('\n')}\n` }),
  );
  const format = '--batch-check=%(objecttype) %(objectsize) %(objectname) %(rest)';
  const measure = startGit(mirror.arguments(['cat-file', '--buffer', format]), {
    ...mirror.options(local),
    stdin: walk.stdout,
  });
  const objects: NewObject[] = [];
  for await (const line of linesOf(measure.stdout)) {
    const groups = LINE.exec(line)?.groups;
    if (groups === undefined) throw new GitFault('git listed what is no object');
    const { type, size, id = '', path = '' } = groups;
    objects.push({ id, type: type as NewObject['type'], size: Number(size), path });
    if (objects.length <= MAX_OBJECTS) continue;
    walk.stop();
    measure.stop();
    throw new GitFault(`more than ${MAX_OBJECTS} new objects; push fewer commits at a time`);
  }
  for (const { code, stderr } of [await walk.done, await measure.done]) {
    if (code !== 0) throw new GitFault(stderr.trim() || 'git was ended');
  }
  return objects;
}

async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const chunk of stream) {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a)) {
      yield bytes.toString('utf8', 0, end);
      bytes = bytes.subarray(end + 1);
    }
    rest = Buffer.from(bytes);
  }
}
