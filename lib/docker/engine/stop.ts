import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { withLock } from '../../host/lock.ts';
import { identifyProcess, isProcessAlive, type ProcessIdentity } from '../../host/process-identity.ts';
import { runLogged } from '../debian-host.ts';
import { engineFiles } from './place.ts';
import { forgetStarted, startedByKit } from './record.ts';

/** dockerd gives all containers 10 s at the same time, and containerd some more. */
const GRACE_MS = 60_000;
const CHILD_GRACE_MS = 10_000;

/**
 * Stops the engine if the kit started it, and waits until it and its containerd have exited. Its containers
 * stop too.
 * @returns whether there was such an engine
 */
export async function stopEngine(): Promise<boolean> {
  return withLock(engineFiles.lock(), async () => {
    const started = await startedByKit();
    if (started?.by === 'systemd') {
      const command = ['systemctl', 'stop', 'docker.service', 'docker.socket'] as const;
      await runLogged({ log: 'systemctl', command, code: 'engine-missing' });
    }
    if (started?.by === 'kit') {
      const children = await childrenOf(started.dockerd.pid);
      await end(started.dockerd, GRACE_MS);
      // Usually they have exited by now, unless dockerd had to be killed.
      await Promise.all(children.map((child) => end(child, CHILD_GRACE_MS)));
    }
    await forgetStarted();
    return started !== undefined;
  });
}

async function end(identity: ProcessIdentity, graceMs: number): Promise<void> {
  for (const [signal, patience] of [
    ['SIGTERM', graceMs],
    ['SIGKILL', 5_000],
  ] as const) {
    if (!(await isProcessAlive(identity))) return;
    process.kill(identity.pid, signal);
    const deadline = performance.now() + patience;
    while ((await isProcessAlive(identity)) && performance.now() < deadline) await sleep(50);
  }
}

async function childrenOf(pid: number): Promise<ProcessIdentity[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (child) => {
      const stat = await readFile(`/proc/${child}/stat`, 'utf8').catch(() => '');
      // After the program's name in parentheses come the state and the parent's id.
      const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
      return parent === String(pid) ? identifyProcess(Number(child)) : undefined;
    }),
  );
  return found.filter((child) => child !== undefined);
}
