/**
 * Plain JavaScript: TypeScript that Node reads before its compile cache is on makes it load the type
 * stripper, which takes as long as loading the whole fake from the cache.
 */
import { mkdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';

/** Must match RUNTIME_DIRECTORY in paths.ts, which is TypeScript. */
const RUNTIME_DIRECTORY = '/run/smolvm-fake';

// The folder belongs to root; other users get no cache.
if (process.getuid?.() === 0) {
  mkdirSync(RUNTIME_DIRECTORY, { recursive: true, mode: 0o700 });
  enableCompileCache(`${RUNTIME_DIRECTORY}/compiled`);
}
await import('./main.ts');
