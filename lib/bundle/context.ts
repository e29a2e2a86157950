import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { dirname, join, relative } from 'node:path';

/** What the daemons import at run time, and what that imports. All are pure JavaScript. */
const PACKAGES = [
  '@peculiar/asn1-schema',
  '@peculiar/asn1-x509',
  '@peculiar/utils',
  'asn1js',
  'pvtsutils',
  'pvutils',
  're2js',
  'tslib',
  'ws',
  'yaml',
  'zod',
] as const;

/** Files of a package that Node loads, and its licence; types, sources and browser builds stay behind. */
const PACKAGE_FILE = /(\.(c|m)?js|\/package\.json|\/LICENSE[^/]*)$/i;
const PACKAGE_LEFTOVER = /^(src|browser|build\/(es2015|types))/;

interface ContextFile {
  /** Absolute path on the host. */
  readonly source: string;
  /** Path inside the build context, with forward slashes. */
  readonly target: string;
}

/**
 * Fills `directory` with the build context of the bundle image: exactly the files that it needs, with the same
 * bytes and modes whatever the checkout's umask. Creates the directory; expects it empty.
 * @throws Error when a package that the daemons import is not installed.
 */
export async function stageBundleContext(directory: string): Promise<void> {
  const files = await contextFiles();
  // The container's user is not the one who staged: modes are set, since a umask of 077 would lock it out.
  for (const folder of foldersOf(files)) {
    await mkdir(join(directory, folder), { recursive: true });
    await chmod(join(directory, folder), 0o755);
  }
  for (const { source, target } of files) {
    await copyFile(source, join(directory, target));
    await chmod(join(directory, target), 0o644);
  }
}

/** SHA-256, hex, over the path and content of every file of the build context, Dockerfile included. */
export async function bundleContentDigest(): Promise<string> {
  const digest = createHash('sha256');
  for (const { source, target } of await contextFiles()) {
    const content = await readFile(source);
    digest.update(`${target}\0${content.length}\0`).update(content);
  }
  return digest.digest('hex');
}

async function contextFiles(): Promise<ContextFile[]> {
  const daemons = join(import.meta.dirname, '..', 'daemons');
  const image = join(import.meta.dirname, 'image');
  const files = [
    { source: join(image, 'Dockerfile'), target: 'Dockerfile' },
    { source: join(image, 'package.json'), target: 'app/package.json' },
    ...(await filesBelow(daemons)).map((path) => ({
      source: join(daemons, path),
      target: `app/lib/daemons/${path}`,
    })),
  ];
  for (const name of PACKAGES) {
    const root = packageRoot(name);
    for (const path of await filesBelow(root)) {
      if (!PACKAGE_FILE.test(`/${path}`) || PACKAGE_LEFTOVER.test(path)) continue;
      files.push({ source: join(root, path), target: `app/node_modules/${name}/${path}` });
    }
  }
  return files.sort((one, other) => (one.target < other.target ? -1 : 1));
}

/** Every folder of the context, parents first. */
function foldersOf(files: readonly ContextFile[]): string[] {
  const folders = new Set<string>();
  for (const { target } of files) {
    for (let folder = dirname(target); !folders.has(folder); folder = dirname(folder)) folders.add(folder);
  }
  return [...folders].sort((one, other) => one.length - other.length);
}

/** Relative paths of all regular files below `root`, with forward slashes. */
async function filesBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
}

/** Follows Node's own resolution, so it also holds where packages are hoisted. */
function packageRoot(name: string): string {
  const manifest = findPackageJSON(name, import.meta.url);
  if (manifest === undefined) throw new Error(`the package ${name} is not installed; run \`npm install\``);
  return dirname(manifest);
}
