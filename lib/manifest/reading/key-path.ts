import type { Path } from './yaml-tree.ts';

/** Formats a path as in messages and `Origins`: `egress.routes[0].host`. */
export function keyPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

/** Formats a path without list indexes: `egress.routes[].host`. */
export function anyKeyPath(path: Path): string {
  return keyPath(path).replaceAll(/\[\d+\]/g, '[]');
}
