import type { Path } from './yaml-tree.ts';

/** `egress.routes[0].host`, as people and `Origins` write it. */
export function keyPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

/** `egress.routes[].host`: the same for every entry of a list. */
export function anyKeyPath(path: Path): string {
  return keyPath(path).replaceAll(/\[\d+\]/g, '[]');
}
