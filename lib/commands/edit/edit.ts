import { execa, parseCommandString } from 'execa';
import { BottleError } from '../../errors.ts';
import { findManifest, type ManifestKind, type ManifestSources } from '../../manifest/find.ts';
import { chooseBottles } from '../../manifest/resolve/choose-bottles.ts';
import { readAgent } from '../../manifest/resolve/read-agent.ts';
import { bottleResolver } from '../../manifest/resolve/resolve-bottle.ts';
import { unknownAgent, unknownBottle } from '../../manifest/resolve/unknown-name.ts';
import type { ManifestFile } from '../../manifest/types.ts';

/** Finds a manifest to edit. @throws BottleError for an unknown name, or one of the kit's examples. */
export async function findEditable(
  kind: ManifestKind,
  name: string,
  sources: ManifestSources,
): Promise<ManifestFile> {
  const found = await findManifest(sources, kind, name);
  if (found === undefined) throw await (kind === 'agents' ? unknownAgent : unknownBottle)(name, sources);
  if (found.origin !== 'examples') return found;
  throw new BottleError('usage', `${found.file} is one of the kit’s examples, which updates overwrite`, {
    hint: `Copy it to ${sources.home}/${kind}/${name}.md, then edit the copy.`,
  });
}

/**
 * Returns the operator's editor and its arguments: `$VISUAL`, else `$EDITOR`, else vi. Spaces separate words
 * unless written as `\\ `. No shell is involved.
 */
export function editorCommand(environment: NodeJS.ProcessEnv = process.env): string[] {
  const editor = environment.VISUAL?.trim() || environment.EDITOR?.trim() || 'vi';
  return parseCommandString(editor);
}

/**
 * Opens the file in the editor and waits.
 * @throws BottleError `usage` when the editor is missing or fails.
 */
export async function openEditor(file: string, [program = 'vi', ...args] = editorCommand()): Promise<void> {
  const result = await execa(program, [...args, file], { stdio: 'inherit', reject: false });
  if (result.exitCode === 0) return;
  if (result.code === 'ENOENT') {
    throw new BottleError('usage', `the editor \`${program}\` does not exist`, {
      hint: 'Set VISUAL or EDITOR to an installed editor; write a space in its path as `\\ `.',
    });
  }
  throw new BottleError('usage', `the editor \`${program}\` failed: ${result.shortMessage}`, {
    hint: `${file} was not checked. Set VISUAL or EDITOR to use another editor.`,
  });
}

/**
 * Checks an edited manifest: a bottle with everything it extends, or an agent and that its bottle exists.
 * @throws BottleError listing all problems.
 */
export async function validateManifest(
  kind: ManifestKind,
  found: ManifestFile,
  sources: ManifestSources,
): Promise<void> {
  if (kind === 'bottles') {
    await bottleResolver(sources)(found);
    return;
  }
  const read = await readAgent(found);
  if (read.bottle !== undefined) await chooseBottles(read, sources, []);
}
