import { StringDecoder } from 'node:string_decoder';
import { readMetadata } from '../../bottle/metadata.ts';
import { bottlePaths } from '../../bottle/paths.ts';
import { BottleError } from '../../errors.ts';
import { listSessions } from '../../sessions/registry.ts';
import { OutputFilter } from '../../terminal/filter/output-filter.ts';
import { plainText } from '../../terminal/filter/plain-text.ts';
import { tail } from './tail.ts';

/**
 * Yields what the agents of a bottle printed, oldest first, as text without control sequences. With `follow`, goes on
 * until no session is left.
 * @throws BottleError `state-missing` when the bottle does not exist.
 */
export async function* agentOutput(
  slug: string,
  { follow, signal }: { follow: boolean; signal: AbortSignal },
): AsyncGenerator<string> {
  if ((await readMetadata(slug)) === undefined) {
    throw new BottleError('state-missing', `no bottle is named ${slug}`, {
      hint: '`make status` lists bottles; the state of one that ended with exit code 0 is not kept.',
    });
  }
  const isGoingOn = async () => follow && !signal.aborted && (await listSessions(slug)).length > 0;
  // What was printed to a pipe was not filtered.
  const filter = new OutputFilter();
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of tail(bottlePaths.agentOutput(slug), isGoingOn)) {
    const text = rest + decoder.write(filter.write(chunk));
    // A sequence may go on in the next chunk.
    const end = text.lastIndexOf('\n') + 1;
    rest = text.slice(end);
    yield plainText(text.slice(0, end));
  }
  if (rest !== '') yield plainText(rest);
}
