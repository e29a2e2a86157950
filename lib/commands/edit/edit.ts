import { execa, parseCommandString } from 'execa';
import { BottleError } from '../../errors.ts';
import { findManifest, type ManifestKind, type ManifestSources } from '../../manifest/find.ts';
import { chooseBottles } from '../../manifest/resolve/choose-bottles.ts';
import { readAgent } from '../../manifest/resolve/read-agent.ts';
import { bottleResolver } from '../../manifest/resolve/resolve-bottle.ts';
import { unknownAgent, unknownBottle } from '../../manifest/resolve/unknown-name.ts';
import type { ManifestFile } from '../../manifest/types.ts';

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

/**
 * The operator's editor: `$VISUAL`, else `$EDITOR`, its arguments set apart by blanks; one that is part of a word is
 * written `\\ `. No shell reads it.
 */
export function editorCommand(environment: NodeJS.ProcessEnv = process.env): string[] {
  const editor = environment.VISUAL?.trim() || environment.EDITOR?.trim() || 'vi';
  return parseCommandString(editor);
}

/** Opens the file in the editor and waits. @throws BottleError `usage` when that cannot be run, or fails */
export async function openEditor(file: string, [program = 'vi', ...args] = editorCommand()): Promise<void> {
  const result = await execa(program, [...args, file], { stdio: 'inherit', reject: false });
  if (result.exitCode === 0) return;
  if (result.code === 'ENOENT') {
    throw new BottleError('usage', `there is no editor \`${program}\``, {
      hint: 'Set VISUAL or EDITOR to an editor that can be run; write a blank in its path as `\\ `.',
    });
  }
  throw new BottleError('usage', `the editor \`${program}\` failed: ${result.shortMessage}`, {
    hint: `${file} is as it left it, and was not checked. Set VISUAL or EDITOR to use another one.`,
  });
}

/**
 * Reads what was edited: a bottle with all that it extends, an agent with a look for the bottle that it names.
 * @throws BottleError with all that is wrong with it
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
