import { mkdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { messageOf, UsageError } from './errors.ts';
import { RUNTIME_DIRECTORY } from './paths.ts';

// Halves the time of a verb. The folder is root's own; for anybody else there is no cache.
if (process.getuid?.() === 0) {
  mkdirSync(RUNTIME_DIRECTORY, { recursive: true, mode: 0o700 });
  enableCompileCache(join(RUNTIME_DIRECTORY, 'compiled'));
}
const { play } = await import('./program.ts');

// Whoever reads us may stop reading early; that is no crash.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  const [version = '', ...words] = process.argv.slice(2);
  process.exitCode = await play(version, words);
} catch (error) {
  const usage = error instanceof UsageError;
  process.stderr.write(usage ? error.message : `Error: ${messageOf(error)}\n`);
  process.exitCode = usage ? 2 : 1;
}
