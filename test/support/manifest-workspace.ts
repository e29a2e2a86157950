import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach } from 'vitest';
import { BottleError } from '../../lib/errors.ts';
import type { ManifestSources } from '../../lib/manifest/load.ts';

const made: string[] = [];

afterEach(async () => {
  for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** Creates manifest folders with these files, such as `home/bottles/dev.md`, in a temporary directory. */
export async function workshop(files: Record<string, string | Uint8Array>): Promise<ManifestSources> {
  const root = await mkdtemp(path.join(tmpdir(), 'bottle-manifest-'));
  made.push(root);
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  return {
    home: path.join(root, 'home'),
    cwd: path.join(root, 'cwd'),
    examples: path.join(root, 'examples'),
  };
}

/** Returns the error that `promise` rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<BottleError> {
  const thrown: unknown = await promise.then(
    () => new Error('nothing was thrown'),
    (error: unknown) => error,
  );
  if (thrown instanceof BottleError) return thrown;
  throw thrown;
}

/** Returns message and hint, without the path of the temporary directory. */
export function textOf(error: BottleError, sources: ManifestSources): string {
  const root = `${path.dirname(sources.home)}/`;
  return `${error.message}\nhint: ${error.hint}`.replaceAll(root, '');
}

/** Returns frontmatter with these lines. */
export const yaml = (...lines: string[]) => `---\n${lines.join('\n')}\n---\n`;

export const agentOf = (bottle: string) => `---\nbottle: ${bottle}\n---\nBe kind.\n`;
