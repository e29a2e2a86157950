import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import { execa } from 'execa';
import { stageBundleContext } from '../../../lib/bundle/context.ts';
import { testAuthority } from '../../support/egress/authority.ts';
import { ALL, type GatePlace } from '../../support/git-gate/open-gate.ts';
import { leafOf } from '../../support/leaf.ts';
import { type Client, clientEnvironment, straight } from './client.ts';

const SUPPORT = join(import.meta.dirname, '..', '..', 'support');
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
const TOKEN = 'bench-token-5b1f0c7a9d3e';
const USERNAME = 'git';

/** Bundles the programs of the gate as they are in its image. @returns their directory. */
export async function stagePrograms(directory: string): Promise<string> {
  await stageBundleContext(join(directory, 'context'));
  const programs = join(directory, 'context', 'app', 'git-gate');
  await build({
    entryPoints: ['gate-process', 'http-process'].map((name) => join(SUPPORT, 'git-gate', `${name}.ts`)),
    // Beside the hooks, which the gate looks for there.
    outdir: programs,
    outExtension: { '.js': '.mjs' },
    banner: { js: REQUIRE },
    ...{ bundle: true, platform: 'node', target: 'node24', format: 'esm', logLevel: 'error' },
  });
  return programs;
}

/** An upstream, a gate in front of it, and a client of each. */
export interface Stage {
  /** Bare. */
  readonly repository: string;
  readonly plain: Client;
  readonly gated: Client;
  /** Processes of git-gate and git-http. */
  readonly gate: readonly number[];
  stop(): Promise<void>;
}

/** Starts an upstream with HTTPS and a gate, each in processes of their own, below `directory`. */
export async function openStage(directory: string, programs: string): Promise<Stage> {
  await mkdir(directory);
  const repository = join(directory, 'upstream.git');
  const env = clientEnvironment();
  await execa('git', ['init', '--quiet', '--bare', '--initial-branch=main', repository], { env });
  const authority = testAuthority('Bench CA');
  const root = join(directory, 'root.pem');
  await writeFile(root, authority.certificate);
  const issuer = { certificatePem: authority.certificate, privateKeyPem: authority.keyPem };
  const port = await freePort();
  const upstream = await start(join(SUPPORT, 'git', 'upstream', 'serve-https.ts'), '', {
    ...leafOf(issuer, 'localhost', { lifetimeMs: 3_600_000 }),
    ...{ root: directory, port, username: USERNAME, token: TOKEN },
  });
  const url = `https://localhost:${port}/upstream.git`;
  const https = { token: TOKEN, username: USERNAME, root: authority.certificate };
  const place: GatePlace = { directory, url, ssh: 'ssh', push: ALL, https };
  const gate = await start(join(programs, 'gate-process.mjs'), JSON.stringify(place));
  const http = await start(join(programs, 'http-process.mjs'), JSON.stringify(place));
  const processes = [upstream, gate, http].map(({ child }) => child);
  return {
    repository,
    plain: {
      ...{ url, directory: join(directory, 'plain') },
      environment: straight({ root, username: USERNAME, token: TOKEN }),
    },
    gated: { url: `${http.said}/kit.git`, directory: join(directory, 'gated'), environment: env },
    gate: [gate.child.pid ?? 0, http.child.pid ?? 0],
    stop: async () => {
      for (const child of processes) child.kill('SIGKILL');
      await Promise.all(
        processes.filter(({ exitCode }) => exitCode === null).map((child) => once(child, 'close')),
      );
    },
  };
}

/** Starts a program, and waits until it says something. */
async function start(program: string, argument: string, input?: unknown) {
  const child: ChildProcess = spawn(process.execPath, [program, argument], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin?.end(input === undefined ? '' : JSON.stringify(input));
  const [said] = await once(child.stdout ?? child, 'data');
  return { child, said: String(said).trim() };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
