import { randomUUID } from 'node:crypto';
import { BottleError, messageOf } from '../../errors.ts';
import { MEMORY_DIRECTORY } from '../../guest/environment.ts';
import { guestOf } from '../../phases/running-bottle.ts';
import { statePlace } from '../../transcripts/state-place.ts';
import { copyIn } from '../cp/copy-in.ts';
import { guestError } from '../cp/in-guest.ts';
import { keptTranscript } from './kept-transcript.ts';

/** In memory: a guest that boots from a freeze does not have it. */
const MARKER = `${MEMORY_DIRECTORY}/has-transcript`;

/** Moves what the home does not have, or has older, and removes the rest. Names have no line ends. */
const MERGE = [
  'set -e',
  'trap \'cd /; rm -rf "$1"\' EXIT',
  'cd "$1"',
  'find . -type f | while IFS= read -r file; do',
  '  if [ -e "$2/$file" ] && ! [ "$file" -nt "$2/$file" ]; then continue; fi',
  '  mkdir -p "$(dirname "$2/$file")"',
  '  mv -f "$file" "$2/$file"',
  'done',
].join('\n');

/**
 * Gives a new guest the session files of the bottle's earlier ones, as the agent. A file that the guest has stays unless
 * the host's is newer.
 * @throws BottleError `guest-failed`: going on without would silently start a new conversation, and lose this one.
 */
export async function restoreTranscript(
  slug: string,
  { signal, say }: { readonly signal: AbortSignal; readonly say: (line: string) => void },
): Promise<void> {
  const folder = await keptTranscript(slug, signal);
  const files = await statePlace(folder).list(signal);
  if (files.length === 0) return;
  const { bottle } = await guestOf(slug);
  if ((await bottle.exec(['/bin/sh', '-c', '[ -e "$1" ]', 'sh', MARKER], { signal })).exitCode === 0) return;
  const arrived = `${bottle.agent.home}/.bot-bottle-transcript-${randomUUID()}`;
  try {
    await copyIn(
      { direction: 'in', host: folder, guest: arrived },
      { bottle, signal, say, onBytes: () => {} },
    );
    const merged = await bottle.execAsAgent(['/bin/sh', '-c', MERGE, 'sh', arrived, bottle.agent.home], {
      signal,
    });
    signal.throwIfAborted();
    if (merged.exitCode !== 0) throw guestError('the copy', merged);
    await bottle.exec(['/bin/sh', '-c', ': > "$1"', 'sh', MARKER]);
    say('the new guest has the transcript of the ones before');
  } catch (error) {
    signal.throwIfAborted();
    throw new BottleError('guest-failed', `the transcript was not restored: ${messageOf(error)}`, {
      hint: `Try again: make up BOTTLE=${slug}. Or continue without it: remove ${folder}.`,
      cause: error,
    });
  }
}
