/**
 * Plain JavaScript: the first TypeScript that Node reads before its compile cache is on makes it load the stripper of
 * types, which takes as long as all of the fake from the cache.
 */
import { mkdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';

/** Also RUNTIME_DIRECTORY in paths.ts, which is TypeScript. */
const RUNTIME_DIRECTORY = '/run/smolvm-fake';

// The folder is root's own; for anybody else there is no cache.
if (process.getuid?.() === 0) {
  mkdirSync(RUNTIME_DIRECTORY, { recursive: true, mode: 0o700 });
  enableCompileCache(`${RUNTIME_DIRECTORY}/compiled`);
}
await import('./main.ts');
