import { messageOf, UsageError } from './errors.ts';
import { play } from './program.ts';

// A reader may close our output early; that must not be a crash.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  const [version = '', ...words] = process.argv.slice(2);
  process.exitCode = await play(version, words);
} catch (error) {
  const usage = error instanceof UsageError;
  process.stderr.write(usage ? error.message : `Error: ${messageOf(error)}\n`);
  process.exitCode = usage ? 2 : 1;
}
