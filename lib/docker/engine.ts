import { withLock } from '../host/lock.ts';
import { canInstallDebianPackages } from './debian-host.ts';
import { engineElsewhere, engineForbidden, engineMissing } from './engine/advice.ts';
import { askEngine } from './engine/ask.ts';
import { configuredElsewhere, engineAddress, engineFiles, isHere, type LocalEngine } from './engine/place.ts';
import { startEngine } from './engine/start.ts';

export { stopEngine } from './engine/stop.ts';

export interface EngineInfo {
  version: string;
  /** Whether this call started the engine. */
  startedByUs: boolean;
}

export interface EngineOptions {
  /** Called with a progress line before each step that takes time or changes the machine. */
  say: (line: string) => void;
  signal?: AbortSignal;
  /** Location other than the machine's default, to run a second engine beside the first. */
  local?: LocalEngine;
}

/**
 * Checks whether an engine responds, or whether `ensureEngine` could start one. Changes nothing.
 * @throws BottleError `engine-missing` with instructions if the kit may not or cannot start one, or it is elsewhere.
 */
export async function checkEngine(local: LocalEngine = {}): Promise<{ version: string } | 'startable'> {
  const answer = await askEngine(local.host);
  if (answer.state === 'running') {
    const address = local.host ?? (await engineAddress(answer.context));
    if (!isHere(address)) throw engineElsewhere(address);
    return { version: answer.version };
  }
  if (process.env.BOT_BOTTLE_ENGINE === 'none') throw engineForbidden();
  const elsewhere = local.host === undefined ? await configuredElsewhere() : undefined;
  if (
    answer.state === 'refused' ||
    answer.state === 'podman' ||
    elsewhere !== undefined ||
    !(await canInstallDebianPackages())
  ) {
    throw await engineMissing(answer);
  }
  return 'startable';
}

/**
 * Makes sure that a Docker engine responds. If none does, and this is Debian (or a derivative) and we are
 * root, announces, installs and starts docker.io from Debian's packages. `BOT_BOTTLE_ENGINE=none` forbids
 * that.
 * @throws BottleError `engine-missing` with instructions if the kit may not or cannot start one.
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
