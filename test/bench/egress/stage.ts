import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stageBundleContext } from '../../../lib/bundle/context.ts';
import { testAuthority } from '../../support/egress/authority.ts';
import type { Engine, Job } from './engine.ts';
import { familyOf, freePort, launch, stop, stopAll, untilOpen } from './processes.ts';
import type { Route } from './wire.ts';

export interface Running {
  readonly job: Job;
  /** Milliseconds from the start until the port accepted connections. */
  readonly openMs: number;
  /** Route to the host that responds. */
  readonly route: Route;
  /** The process and its descendants. */
  pids(): number[];
  stop(): Promise<void>;
}

/** The upstream, the two CAs, and engines on demand. */
export interface Stage {
  readonly direct: Route;
  readonly token: string;
  readonly suffix: string;
  start(engine: Engine): Promise<Running>;
  close(): Promise<void>;
}

const HOST = 'localhost';
const SUFFIX = 'silent.test';
const TOKEN = 'tok-3c1f0a97d24b11e89f5d0242ac120002';

export async function openStage(): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-egress-'));
  // Needed by squid, which drops root privileges at startup.
  await chmod(directory, 0o755);
  const [bottle, world] = [testAuthority('the bottle CA'), testAuthority('the CA of the upstream')];
  const worldFile = join(directory, 'world.pem');
  await writeFile(worldFile, world.certificate);
  const bundle = join(directory, 'bundle');
  await stageBundleContext(bundle);
  const compiled = join(directory, 'compiled');
  compile(bundle, compiled);
  const { cert, key } = await world.leaf(HOST);
  const upstream = launch({
    command: process.execPath,
    args: [join(import.meta.dirname, 'upstream.ts')],
    env: { BENCH_CERT: cert, BENCH_KEY: key, BENCH_TOKEN: TOKEN },
    core: 1,
    ipc: true,
  });
  const upstreamPort = await portOf(upstream);
  let engines = 0;
  return {
    direct: { host: HOST, port: upstreamPort, ca: world.certificate },
    token: TOKEN,
    suffix: SUFFIX,
    async start(engine) {
      engines += 1;
      const own = join(directory, String(engines));
      await mkdir(own);
      const job: Job = {
        directory: own,
        egress: join(bundle, 'app', 'egress', 'main.mjs'),
        compiled,
        port: await freePort(),
        host: HOST,
        upstreamPort,
        suffix: SUFFIX,
        token: TOKEN,
        bottle: { certificate: bottle.certificate, key: bottle.keyPem },
        worldFile,
      };
      const child = launch({ ...(await engine.prepare(job)), core: 0 });
      const openMs = await untilOpen(job.port, child);
      return {
        job,
        openMs,
        route: { proxyPort: job.port, host: HOST, port: upstreamPort, ca: bottle.certificate },
        pids: () => (child.pid === undefined ? [] : familyOf(child.pid)),
        stop: () => stop(child),
      };
    },
    async close() {
      stopAll();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Does what the bundle's Dockerfile does. */
function compile(bundle: string, compiled: string): void {
  const env = { ...process.env, NODE_COMPILE_CACHE: compiled };
  const program = join(bundle, 'app', 'init', 'compile.mjs');
  const { status, stderr } = spawnSync(process.execPath, [program], { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the programs of the bundle cannot be started: ${stderr}`);
}

async function portOf(upstream: ChildProcess): Promise<number> {
  const [message]: unknown[] = await once(upstream, 'message');
  const port = typeof message === 'object' && message !== null && 'port' in message ? message.port : 0;
  if (typeof port !== 'number' || port === 0) throw new Error('the upstream of the bench did not start');
  return port;
}
