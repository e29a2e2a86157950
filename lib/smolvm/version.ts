import { BottleError } from '../errors.ts';

export type SmolvmVersion = readonly [major: number, minor: number, patch: number];

/** How a guest of a version is created, reached and confined. */
export type Tier = 'alias' | 'socket';

/** The newest version whose behaviour this kit knows; newer ones are treated like it. */
export const NEWEST_KNOWN: SmolvmVersion = [1, 9, 3];

/** @throws BottleError `smolvm-unsupported` when the text is not what `smolvm --version` prints. */
export function parseVersion(printed: string): SmolvmVersion {
  const match = /^smolvm (\d+)\.(\d+)\.(\d+)/.exec(printed.trim());
  if (match === null) {
    throw new BottleError(
      'smolvm-unsupported',
      `'${printed.trim().slice(0, 80)}' is not a version of smolvm`,
      {
        hint: 'Point SMOLVM at a smolvm binary; `smolvm --version` should print `smolvm X.Y.Z`.',
      },
    );
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
 * The tier of a version. From 1.1.3 on any policy moves the guest to virtio-net, where 127.0.0.N never leaves the
 * guest; from 1.8.0 on a socket of the host can be mounted into a guest without any network. In between, a guest
 * could have a policy or a way to the host, not both.
 * @throws BottleError `smolvm-unsupported`, saying which versions work.
 */
export function tierOf(version: SmolvmVersion): Tier {
  if (isAtLeast(version, [1, 8, 0])) return 'socket';
  if (isAtLeast(version, [0, 8, 0]) && !isAtLeast(version, [1, 1, 3])) return 'alias';
  const reason = isAtLeast(version, [1, 1, 3])
    ? 'from 1.1.3 to 1.7.x a confined guest cannot reach the host, so it could not reach its bundle'
    : 'its guests cannot be confined the way this kit needs';
  throw new BottleError('smolvm-unsupported', `smolvm ${version.join('.')} is not supported: ${reason}`, {
    hint: 'Install smolvm 1.8.0 or newer (0.8.0 to 1.1.2 work too), or point SMOLVM at one.',
  });
}

/** Up to 1.0.1 `create`, `delete` and `data-dir` take the name as a positional; later ones take `--name`. */
export function namesArePositional(version: SmolvmVersion): boolean {
  return !isAtLeast(version, [1, 0, 2]);
}
