import { configError } from '../errors.ts';

export const DEFAULT_CPUS = 4;
/** MiB. */
export const DEFAULT_MEM = 8192;
const SMALLEST_MEM = 64;
const MANY_CPUS = 16;

/** Sizes as given: memory in MiB, disks in GiB, null if not given. */
export interface Resources {
  cpus: number;
  mem: number;
  storage: number | null;
  overlay: number | null;
}

/** Validates sizes; many CPUs only get a warning. @throws SmolvmError when smolvm refuses them. */
export function validateResources(resources: Resources): void {
  const refuse = (reason: string) => configError('validate resources', reason);
  if (resources.cpus < 1) throw refuse('CPU count must be at least 1');
  if (resources.mem < SMALLEST_MEM) {
    throw refuse(`memory must be at least ${SMALLEST_MEM} MiB (got ${resources.mem} MiB)`);
  }
  if (resources.storage === 0) throw refuse('storage disk size must be greater than 0 GiB');
  if (resources.overlay === 0) throw refuse('overlay disk size must be greater than 0 GiB');
  if (resources.cpus > MANY_CPUS) {
    process.stderr.write(
      `Warning: ${resources.cpus} CPUs requested; more than ${MANY_CPUS} may not be available\n`,
    );
  }
}

/** @throws SmolvmError when two mappings share a host port. */
export function validatePorts(ports: ReadonlyArray<readonly [number, number]>): void {
  const hosts = ports.map(([host]) => host);
  const twice = hosts.find((host, index) => hosts.indexOf(host) !== index);
  if (twice === undefined) return;
  throw configError('validate ports', `duplicate host port ${twice}: each host port can only be mapped once`);
}
