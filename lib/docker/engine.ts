import { withLock } from '../host/lock.ts';
import { canInstallDebianPackages } from './debian-host.ts';
import { engineForbidden, engineMissing } from './engine/advice.ts';
import { askEngine } from './engine/ask.ts';
import { configuredElsewhere, engineFiles, type LocalEngine } from './engine/place.ts';
import { startEngine } from './engine/start.ts';

export { stopEngine } from './engine/stop.ts';

export interface EngineInfo {
  version: string;
  /** True when this very call started it. */
  startedByUs: boolean;
}

export interface EngineOptions {
  /** Called with a line for people before each thing that takes time or changes the machine. */
  say: (line: string) => void;
  signal?: AbortSignal;
  /** Another place than the machine's usual one; for a second engine beside the first. */
  local?: LocalEngine;
}

/**
 * Whether an engine answers, or is one that `ensureEngine` would start. Changes nothing.
 * @throws BottleError `engine-missing` with what to do, wherever the kit may not or cannot start one.
 */
export async function checkEngine(local: LocalEngine = {}): Promise<{ version: string } | 'startable'> {
  const answer = await askEngine(local.host);
  if (answer.state === 'running') return { version: answer.version };
  if (process.env.BOT_BOTTLE_ENGINE === 'none') throw engineForbidden();
  const elsewhere = local.host === undefined ? await configuredElsewhere() : undefined;
  if (answer.state === 'refused' || elsewhere !== undefined || !(await canInstallDebianPackages())) {
    throw await engineMissing(answer);
  }
  return 'startable';
}

/**
 * Makes sure that a Docker engine answers. Where none does, and this is Debian (or a descendant) and we are root,
 * it installs docker.io from Debian's packages and starts it, saying so first; `BOT_BOTTLE_ENGINE=none` forbids that.
 * @throws BottleError `engine-missing` with what to do, wherever the kit may not or cannot start one.
 */
export async function ensureEngine(options: EngineOptions): Promise<EngineInfo> {
  const { say, signal, local = {} } = options;
  const engine = await checkEngine(local);
  if (engine !== 'startable') return { version: engine.version, startedByUs: false };
  return withLock(
    engineFiles.lock(),
    async () => {
      const again = await askEngine(local.host);
      if (again.state === 'running') return { version: again.version, startedByUs: false };
      return { version: await startEngine(local, say, signal), startedByUs: true };
    },
    {
      onWait: () => say('waiting for another run that is starting the Docker engine'),
      ...(signal === undefined ? {} : { signal }),
    },
  );
}
