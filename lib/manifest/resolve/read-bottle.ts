import type { SourceFile } from '../reading/source-file.ts';
import type { Path, Position } from '../reading/yaml-tree.ts';
import { type BottleKeys, bottleFile } from '../schema/bottle-file.ts';
import { RETIRED_BOTTLE_KEYS } from '../schema/retired-keys.ts';
import type { ManifestFile } from '../types.ts';
import type { BottleDeclaration } from './declaration.ts';
import { declaredUser } from './declared-user.ts';
import { type ReadFile, readFile } from './read-file.ts';

export interface ReadBottle {
  readonly declaration: BottleDeclaration;
  /** The bottle that this one extends, if any; `parentPosition` is its position in the file. */
  readonly parent: string | undefined;
  readonly parentPosition: Position;
  readonly source: SourceFile;
}

/**
 * Reads one bottle file without its parents. The body is only notes.
 * @throws BottleError `manifest-invalid`
 */
export async function readBottle(found: ManifestFile): Promise<ReadBottle> {
  const read = await readFile(found, { schema: bottleFile, retired: RETIRED_BOTTLE_KEYS });
  return {
    declaration: declarationOf(read),
    parent: read.keys.extends ?? undefined,
    parentPosition: read.tree.positionOf(['extends'], 'value'),
    source: read.source,
  };
}

function declarationOf(read: ReadFile<BottleKeys>): BottleDeclaration {
  const { env, env_file, agent_provider, 'git-gate': gitGate, egress, terminal, supervise } = read.keys;
  const variables = Object.entries(env ?? {}).map(([name, value]) => [
    name,
    read.declared(value, ['env', name]),
  ]);
  /** An absent or empty key declares nothing. */
  const given = <T>(value: T | null | undefined, path: Path, parts: readonly Path[] = []) =>
    value === undefined || value === null ? undefined : read.declared(value, path, ...parts);
  const routes = egress?.routes.map((_, index): Path => ['egress', 'routes', index]);
  const parts = ['log', 'learn', 'explain_denials', 'pipelock'].map((key): Path => ['egress', key]);
  const repos = gitGate?.repos?.flatMap(({ name }): Path[] => {
    const repo = ['git-gate', 'repos', name];
    return [repo, [...repo, 'key'], [...repo, 'push']];
  });
  return {
    env: Object.fromEntries(variables),
    envFiles: given(env_file, ['env_file']),
    provider: given(agent_provider, ['agent_provider']),
    gitUser: declaredUser(read, gitGate?.user),
    gitRepos: given(gitGate?.repos, ['git-gate', 'repos'], repos),
    egress: given(egress, ['egress'], [...parts, ...(routes ?? [])]),
    terminal: given(
      terminal && { clipboard: terminal.clipboard ?? false },
      ['terminal'],
      [['terminal', 'clipboard']],
    ),
    supervise: given(supervise, ['supervise']),
  };
}
