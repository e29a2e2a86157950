import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BottleError } from '../../errors.ts';
import { childEnvironment } from '../../host/child-environment.ts';
import { identifyProcess, isProcessAlive, type ProcessIdentity } from '../../host/process-identity.ts';
import { installDebianPackages, onPath, runLogged } from '../debian-host.ts';
import { askEngine } from './ask.ts';
import { engineFiles, type LocalEngine } from './place.ts';
import { recordStarted, type StartedEngine } from './record.ts';

const READY_MS = 60_000;
const PROGRESS_MS = 10_000;
/** Debian's init script writes the first immediately; the daemon writes the second a little later. */
const PID_FILES = ['/run/docker-ssd.pid', '/run/docker.pid'];

/** Installs the engine if it is missing, starts and records it, and waits for it. Returns its version. */
export async function startEngine(
  local: LocalEngine,
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  const installed = await installMissing(say, signal);
  say('no Docker engine answers: starting one');
  const started = await start(local, installed);
  await recordStarted(started);
  return waitUntilReady(local, started, say, signal);
}

/** Installs missing packages. @returns whether anything was installed */
async function installMissing(say: (line: string) => void, signal?: AbortSignal): Promise<boolean> {
  const wanted = (await onPath('dockerd')) ? [] : ['docker.io'];
  if (wanted.length > 0) {
    say("Docker is not installed: installing docker.io from Debian's packages");
    await installDebianPackages(wanted, 'engine-missing', signal);
  }
  if (await onPath('docker')) return wanted.length > 0;
  // Since Debian 13, the client is a separate package.
  say("the docker client is missing: installing docker-cli from Debian's packages");
  await installDebianPackages(['docker-cli'], 'engine-missing', signal);
  return true;
}

async function start(local: LocalEngine, installed: boolean): Promise<StartedEngine> {
  if (await runsSystemd()) {
    const command = ['systemctl', 'start', 'docker'] as const;
    await runLogged({ log: 'systemctl', command, code: 'engine-missing' });
    return { by: 'systemd' };
  }
  // The package's init script may have started the engine already; then the kit also has to stop that one.
  const running = installed ? await processOfPidFile() : undefined;
  return { by: 'kit', dockerd: running ?? (await spawnDaemon(local)) };
}

async function runsSystemd(): Promise<boolean> {
  return access('/run/systemd/system').then(
    () => true,
    () => false,
  );
}

async function processOfPidFile(): Promise<ProcessIdentity | undefined> {
  for (const path of PID_FILES) {
    const pid = Number(await readFile(path, 'utf8').catch(() => ''));
    const identity = pid > 0 ? await identifyProcess(pid) : undefined;
    if (identity !== undefined) return identity;
  }
  return undefined;
}

/** Starts the daemon in its own session, with its output in a file, so that it outlives this process. */
async function spawnDaemon(local: LocalEngine): Promise<ProcessIdentity> {
  await mkdir(dirname(engineFiles.log()), { recursive: true });
  const log = await open(engineFiles.log(), 'w', 0o600);
  try {
    const where = local.host === undefined ? [] : ['--host', local.host];
    const child = spawn('dockerd', [...where, ...(local.daemonArguments ?? [])], {
      cwd: '/',
      env: childEnvironment('network'),
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    await once(child, 'spawn');
    child.unref();
    const identity = child.pid === undefined ? undefined : await identifyProcess(child.pid);
    if (identity === undefined) throw await daemonDied();
    return identity;
  } finally {
    await log.close();
  }
}

async function waitUntilReady(
  local: LocalEngine,
  started: StartedEngine,
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  const begin = performance.now();
  for (let told = begin; performance.now() - begin < READY_MS; await sleep(200, undefined, { signal })) {
    const answer = await askEngine(local.host);
    if (answer.state === 'running') return answer.version;
    if (started.by === 'kit' && !(await isProcessAlive(started.dockerd))) throw await daemonDied();
    if (performance.now() - told < PROGRESS_MS) continue;
    told = performance.now();
    say(`waiting for the Docker engine to answer (${Math.round((told - begin) / 1000)} s)`);
  }
  throw new BottleError('engine-missing', `dockerd did not respond within ${READY_MS / 1000} s`, {
    hint: started.by === 'systemd' ? 'See `journalctl -u docker`.' : `Its log is ${engineFiles.log()}.`,
  });
}

async function daemonDied(): Promise<BottleError> {
  const log = await readFile(engineFiles.log(), 'utf8').catch(() => '');
  const words = log.trim().split('\n').slice(-5).join('\n');
  return new BottleError('engine-missing', `dockerd exited right after it was started:\n${words}`, {
    hint: `Its full log is ${engineFiles.log()}.`,
  });
}
