/**
 * Plain JavaScript: TypeScript that Node reads before its compile cache is on makes it load the type
 * stripper, which takes as long as loading the whole fake from the cache.
 */
import { mkdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';

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
await import('./main.ts');
