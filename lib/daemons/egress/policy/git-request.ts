import { type GatedRepo, useGate } from './gated-repo.ts';
import { lfsUse } from './git-lfs.ts';
import type { Rule } from './policy.ts';
import { type Denial, deny } from './verdict.ts';

/**
 * What a request asks of a git server over HTTP. For `lfs-batch`, only the body tells which of the two it is.
 */
export type GitUse = 'fetch' | 'push' | 'lfs-batch';

export interface GitRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Values of `Content-Type` and `Accept`. */
  readonly types: string;
}

/**
 * Recognizes git requests by path, query and media types, since a server may go by any of them. `undefined`
 * if it is not a git request.
 */
export function gitUse({ method, path, query, types }: GitRequest): GitUse | undefined {
  const plain = pathAsServed(path);
  const type = types.toLowerCase();
  if (/\/git-receive-pack\/?$/.test(plain) || type.includes('git-receive-pack')) return 'push';
  if (/\/info\/refs\/?$/.test(plain)) {
    return decodeLoosely(decodeLoosely(query)).toLowerCase().includes('receive-pack') ? 'push' : 'fetch';
  }
  if (/\/git-upload-(pack|archive)\/?$/.test(plain) || type.includes('git-upload-')) return 'fetch';
  return lfsUse(method, plain, type);
}

export function pushDenial(host: string, rule: Rule, gated: GatedRepo | undefined): Denial {
  const remedy =
    gated === undefined
      ? 'Ask the operator to add the repository under git-gate.repos of this bottle’s manifest.'
      : useGate(gated);
  return deny('git-push-refused', host, 'Pushes over HTTPS never leave.', remedy, rule);
}

/** Some servers ignore doubled slashes and `;parameters` of a segment. */
function pathAsServed(path: string): string {
  const plain = decodeLoosely(path).toLowerCase();
  const bare = plain.includes(';') ? plain.replace(/;[^/]*/g, '') : plain;
  return bare.includes('//') ? bare.replace(/\/{2,}/g, '/') : bare;
}

function decodeLoosely(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/%([0-7][0-9a-f])/gi, (_escape, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
