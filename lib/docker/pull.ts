import { dockerError, dockerTry } from './cli.ts';

/** A registry that has not started to respond by then counts as unreachable. */
const FIRST_WORD_MS = 20_000;
/** For a whole pull, on a slow connection. */
const PULL_MS = 20 * 60_000;
const OUT_OF_REACH =
  /no such host|no route to host|network is unreachable|connection refused|connection reset|i\/o timeout|TLS handshake timeout|Client\.Timeout|context deadline exceeded|failed to do request|x509|certificate|forbidden|denied|toomanyrequests|proxyconnect|EOF/i;

/**
 * Pulls an image by digest.
 * @returns undefined on success, otherwise why no registry delivered the image.
 * @throws BottleError when the engine or the disk is at fault, not the registry.
 */
export async function pullPinned(
  pin: string,
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), FIRST_WORD_MS);
  const args = ['pull', pin];
  let begun = false;
  const result = await dockerTry(args, {
    timeoutMs: PULL_MS,
    signal: AbortSignal.any([silence.signal, ...(signal === undefined ? [] : [signal])]),
    onLine: (line) => {
      if (begun || !/pulling from/i.test(line)) return;
      begun = true;
      clearTimeout(timer);
      say(`pulling ${pin.replace(/@.*/, '')}`);
    },
  }).finally(() => clearTimeout(timer));
  signal?.throwIfAborted();
  if (result.exitCode === 0) return undefined;
  if (silence.signal.aborted) return `no registry responded within ${FIRST_WORD_MS / 1000} s`;
  const said = result.stderr.trim().split('\n').at(-1) ?? '';
  if (OUT_OF_REACH.test(said)) return said;
  throw dockerError(args, result);
}
