import { execa } from 'execa';
import { BottleError } from '../errors.ts';
import { findManifest, type ManifestKind, type ManifestSources } from '../manifest/find.ts';
import { readAgent } from '../manifest/resolve/read-agent.ts';
import { bottleResolver } from '../manifest/resolve/resolve-bottle.ts';
import { unknownAgent, unknownBottle } from '../manifest/resolve/unknown-name.ts';
import type { ManifestFile } from '../manifest/types.ts';

/** @throws BottleError for a name that nobody has, or that is the kit's own */
export async function findEditable(
  kind: ManifestKind,
  name: string,
  sources: ManifestSources,
): Promise<ManifestFile> {
  const found = await findManifest(sources, kind, name);
  if (found === undefined) throw await (kind === 'agents' ? unknownAgent : unknownBottle)(name, sources);
  if (found.origin !== 'examples') return found;
  throw new BottleError('usage', `${found.file} is an example of the kit, which updates replace`, {
    hint: `Copy it to ${sources.home}/${kind}/${name}.md, then edit that.`,
  });
}

/** The operator's editor: `$VISUAL`, else `$EDITOR`, its arguments set apart by blanks; no shell reads it. */
export function editorCommand(environment: NodeJS.ProcessEnv = process.env): string[] {
  const editor = environment.VISUAL || environment.EDITOR || 'vi';
  return editor.split(/\s+/).filter((word) => word !== '');
}

/** Opens the file in the editor and waits. @throws BottleError `usage` when that cannot be run, or fails */
export async function openEditor(file: string, [program = 'vi', ...args] = editorCommand()): Promise<void> {
  const result = await execa(program, [...args, file], { stdio: 'inherit', reject: false });
  if (result.exitCode === 0) return;
  throw new BottleError('usage', `the editor \`${program}\` failed: ${result.shortMessage}`, {
    hint: 'Set VISUAL or EDITOR to an editor that can be run.',
  });
}

/**
 * Reads what was edited, a bottle with all that it extends.
 * @throws BottleError with all that is wrong with it
 */
export async function validateManifest(
  kind: ManifestKind,
  found: ManifestFile,
  sources: ManifestSources,
): Promise<void> {
  if (kind === 'agents') await readAgent(found);
  else await bottleResolver(sources)(found);
}
