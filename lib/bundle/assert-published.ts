import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { dockerTry } from '../docker/cli.ts';
import { BottleError } from '../errors.ts';

/** Milliseconds that an engine in a VM may take until it forwards a port that it has just published. */
const PATIENCE_MS = 10_000;
const TRY_MS = 2_000;
const BETWEEN_MS = 200;

/** Engines that forward ports of 127.0.0.1 alone, at least in some versions, and what helps. */
const REMEDIES: readonly (readonly [engine: RegExp, remedy: string])[] = [
  [/orbstack/i, 'OrbStack forwards such ports from version 2.2 on: update it.'],
  [/colima|lima/i, 'Colima forwards ports of 127.0.0.1 alone: use another engine, such as Docker Desktop.'],
];

/**
 * Checks that this host reaches a port of a container. Some engines on Macs publish on addresses other than 127.0.0.1 and do
 * not forward them.
 * @throws BottleError `bundle-not-ready`, which names the engine.
 */
export async function assertPublished(
  { host, port }: { readonly host: string; readonly port: number },
  signal?: AbortSignal,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  for (const since = performance.now(); performance.now() - since < patienceMs; ) {
    if (await accepts(host, port)) return;
    await sleep(BETWEEN_MS, undefined, { ...(signal && { signal }) });
  }
  const engine = await engineName();
  const [, remedy = 'See whether the engine forwards ports to this host.'] =
    REMEDIES.find(([name]) => name.test(engine)) ?? [];
  throw new BottleError(
    'bundle-not-ready',
    `the Docker engine (${engine}) has published ${host}:${port}, but this host cannot connect to it`,
    { hint: `${remedy} With smolvm 1.8.0 or newer, guests need no address but 127.0.0.1.` },
  );
}

async function accepts(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port, timeout: TRY_MS });
  socket.once('timeout', () => socket.destroy(new Error('no answer')));
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Such as `OrbStack`, or `Ubuntu 24.04 LTS, colima`. */
async function engineName(): Promise<string> {
  const { exitCode, stdout } = await dockerTry(['info', '--format', '{{.OperatingSystem}}, {{.Name}}']);
  return exitCode === 0 ? stdout.trim() : 'unknown';
}
