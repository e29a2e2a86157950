import { BottleError } from '../errors.ts';
import type { Manifest } from '../manifest/types.ts';

/**
 * Returns the declared keys that this version does not support. Remove a line when its feature is
 * implemented.
 */
export function unsupportedKeys({ bottle }: Manifest): string[] {
  const deployKeys = bottle.gitGate.repos.filter(({ key }) => key.kind === 'deploy');
  return deployKeys.map(({ name }) => `git-gate.repos.${name}.key`);
}

/** Rejects unsupported features. @throws BottleError `manifest-invalid` naming every unsupported key. */
export function assertSupported(manifest: Manifest): void {
  const keys = unsupportedKeys(manifest);
  if (keys.length === 0) return;
  const lines = keys.map((key) => `${placeOf(key, manifest)}${key}: not supported yet`);
  const [only] = lines;
  const several = `the manifest uses ${keys.length} features that are not supported yet\n${lines.join('\n')}`;
  throw new BottleError('manifest-invalid', lines.length === 1 && only !== undefined ? only : several, {
    hint: 'Remove what is not supported: a bottle never starts with less than its manifest asks for.',
  });
}

/** Returns `FILE:LINE: ` of the key, of a part of it, or of the nearest key above it. */
function placeOf(key: string, { origins, bottles }: Manifest): string {
  const part = Object.keys(origins).find((path) => path.startsWith(`${key}.`));
  for (let path = key; path !== ''; path = path.replace(/(^|\.)[^.]*$/, '')) {
    const origin = origins[path] ?? (part === undefined ? undefined : origins[part]);
    if (origin !== undefined) return `${origin.file}:${origin.line}: `;
  }
  return `${(bottles.at(-1) ?? bottles[0]).file}: `;
}
