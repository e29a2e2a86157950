import { BottleError } from '../errors.ts';

export type SmolvmVersion = readonly [major: number, minor: number, patch: number];

/** How guests of a version are created, reached and confined. */
export type Tier = 'alias' | 'socket';

/** The newest version whose behavior the kit knows; newer ones are treated like it. */
export const NEWEST_KNOWN: SmolvmVersion = [1, 9, 3];

/** Parses the output of `smolvm --version`. @throws BottleError `smolvm-unsupported` for any other text. */
export function parseVersion(printed: string): SmolvmVersion {
  const match = /^smolvm (\d+)\.(\d+)\.(\d+)/.exec(printed.trim());
  if (match === null) {
    throw new BottleError('smolvm-unsupported', `'${printed.trim().slice(0, 80)}' is not a smolvm version`, {
      hint: 'Point SMOLVM at a smolvm binary; `smolvm --version` should print `smolvm X.Y.Z`.',
    });
  }
  return [Number(match[1]), Number(match[2]), Number(match[3])];
}

export function isAtLeast(version: SmolvmVersion, floor: SmolvmVersion): boolean {
  for (const [index, part] of version.entries()) {
    const other = floor[index] ?? 0;
    if (part !== other) return part > other;
  }
  return true;
}

/**
 * Returns the tier of a version. Since 1.1.3, any policy moves the guest to virtio-net, where 127.0.0.N never
 * leaves the guest. Since 1.8.0, a host socket can be mounted into a guest without any network. In between, a
 * guest can have either a policy or a way to the host, but not both.
 * @throws BottleError `smolvm-unsupported`, saying which versions work.
 */
export function tierOf(version: SmolvmVersion): Tier {
  if (isAtLeast(version, [1, 8, 0])) return 'socket';
  if (isAtLeast(version, [0, 8, 0]) && !isAtLeast(version, [1, 1, 3])) return 'alias';
  const reason = isAtLeast(version, [1, 1, 3])
    ? 'from 1.1.3 to 1.7.x a confined guest cannot reach the host, so it cannot reach its bundle'
    : 'its guests cannot be confined the way this kit needs';
  throw new BottleError('smolvm-unsupported', `smolvm ${version.join('.')} is not supported: ${reason}`, {
    hint: 'Install smolvm 1.8.0 or newer (0.8.0 to 1.1.2 work too), or point SMOLVM at one.',
  });
}

/**
 * Up to 1.0.1, `create`, `delete` and `data-dir` take the name as a positional; later versions take `--name`.
 */
export function namesArePositional(version: SmolvmVersion): boolean {
  return !isAtLeast(version, [1, 0, 2]);
}
