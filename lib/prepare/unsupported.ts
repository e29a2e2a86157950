import { BottleError } from '../errors.ts';
import type { Manifest } from '../manifest/types.ts';

/**
 * Returns the declared keys that this version does not support. Remove a line when its feature is
 * implemented.
 */
export function unsupportedKeys({ bottle, origins }: Manifest): string[] {
  // The default is not a request for the feature.
  return bottle.supervise && origins.supervise !== undefined ? ['supervise'] : [];
}

/** Rejects unsupported features. @throws BottleError `manifest-invalid` naming every unsupported key. */
export function assertSupported(manifest: Manifest): void {
  const keys = unsupportedKeys(manifest);
  if (keys.length === 0) return;
  const lines = keys.map((key) => `${placeOf(key, manifest)}${key}: not supported yet`);
  throw new BottleError('manifest-invalid', lines.join('\n'), {
    hint: 'Remove what is not supported: a bottle never starts with less than its manifest asks for.',
  });
}

/** Returns `FILE:LINE: ` of the key. */
function placeOf(key: string, { origins, bottles }: Manifest): string {
  const origin = origins[key];
  return origin === undefined
    ? `${(bottles.at(-1) ?? bottles[0]).file}: `
    : `${origin.file}:${origin.line}: `;
}
