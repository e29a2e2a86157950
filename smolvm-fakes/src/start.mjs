/**
 * Plain JavaScript: TypeScript that Node reads before its compile cache is on makes it load the type
 * stripper, which takes as long as loading the whole fake from the cache.
 */
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Within a user namespace, root is an ordinary user of the host; see rootless.ts, which is TypeScript. */
const isHostRoot = process.getuid?.() === 0 && process.env.SMOLVM_FAKE_NAMESPACE !== '1';
const xdg = process.env.XDG_CACHE_HOME ?? '';
const cache = xdg.startsWith('/') ? xdg : `${homedir()}/.cache`;
/** Must match RUNTIME_DIRECTORY in paths.ts. */
const folder = isHostRoot ? '/run/smolvm-fake' : `${cache}/smolvm-fake`;

try {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  enableCompileCache(`${folder}/compiled`);
} catch {
  // A home that cannot be written is no reason to fail here.
}

/** All of the fake in one file, which tests make: they start it a thousand times. Loading takes two thirds of the time. */
const BUNDLE = join(import.meta.dirname, '..', '..', 'node_modules', '.kit', 'smolvm-fake.mjs');
await import(isCurrent(BUNDLE) ? BUNDLE : './main.ts');

/** Whether no source is newer. */
function isCurrent(path) {
  const made = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  if (made === undefined) return false;
  const names = readdirSync(import.meta.dirname, { recursive: true });
  return names.every((name) => statSync(join(import.meta.dirname, name)).mtimeMs < made);
}
