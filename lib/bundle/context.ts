import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { KIT_DIRECTORY } from '../host/directories.ts';
import { remembered } from '../host/remembered.ts';

interface ContextFile {
  /** Path in the build context, with forward slashes. */
  readonly target: string;
  readonly content: Uint8Array;
}

/**
 * Fills `directory` with the build context of the bundle image: exactly the files that it needs, with the
 * same bytes and modes regardless of the umask. Creates the directory; expects it to be empty.
 * @throws Error when a package that the daemons import is not installed.
 */
export async function stageBundleContext(directory: string): Promise<void> {
  const { files } = await contextFiles();
  // Modes are set explicitly: with a umask of 077, the container's user could not read the files.
  for (const folder of foldersOf(files)) {
    await mkdir(join(directory, folder), { recursive: true });
    await chmod(join(directory, folder), 0o755);
  }
  for (const { content, target } of files) {
    await writeFile(join(directory, target), content);
    await chmod(join(directory, target), isProgram(content) ? 0o755 : 0o644);
  }
}

/** Whether it names its interpreter, such as git's hooks, which git executes. */
function isProgram(content: Uint8Array): boolean {
  return content[0] === 0x23 && content[1] === 0x21;
}

/** Of what makes the context beside the sources of the programs. */
const MAKERS = ['context.ts', 'programs.ts', 'image/Dockerfile'].map((name) =>
  join(import.meta.dirname, name),
);
/** Says the versions of all packages, also of the bundler. */
const LOCK_FILE = join(KIT_DIRECTORY, 'package-lock.json');
const REMEMBERED = join(KIT_DIRECTORY, 'node_modules', '.kit', 'bundle-digest.json');

/**
 * Hex SHA-256 of the path and content of every file in the build context, including the Dockerfile. It is remembered until a
 * source changes: bundling the programs takes a second of processor time, and every launch asks.
 */
export function bundleContentDigest(memory = REMEMBERED): Promise<string> {
  return remembered(memory, async () => {
    const { files, sources } = await contextFiles();
    const digest = createHash('sha256');
    for (const { content, target } of files) {
      digest.update(`${target}\0${content.length}\0`).update(content);
    }
    return { value: digest.digest('hex'), inputs: [...MAKERS, LOCK_FILE, ...sources] };
  });
}

async function contextFiles(): Promise<{ files: ContextFile[]; sources: string[] }> {
  const dockerfile = await readFile(join(import.meta.dirname, 'image', 'Dockerfile'));
  const { bundledPrograms } = await import('./programs.ts');
  const { programs, sources } = await bundledPrograms();
  const files = programs.map(({ path, content }) => ({ target: `app/${path}`, content }));
  return { files: [{ target: 'Dockerfile', content: dockerfile }, ...files], sources };
}

/** Returns every folder of the context, parents first. */
function foldersOf(files: readonly ContextFile[]): string[] {
  const folders = new Set<string>();
  for (const { target } of files) {
    for (let folder = dirname(target); !folders.has(folder); folder = dirname(folder)) folders.add(folder);
  }
  return [...folders].sort((one, other) => one.length - other.length);
}
