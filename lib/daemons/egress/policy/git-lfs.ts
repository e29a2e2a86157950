import * as z from 'zod';
import { valuesOf } from '../../shared/raw-headers.ts';

/**
 * What a request is to a git LFS server; `undefined` when it is for none. All that changes something there is a push, and
 * so is what only pushes ask (`locks/verify`). A batch asks for the addresses of objects, to get them or to put them:
 * `asksForDownload` tells which.
 * @param path in lower case.
 * @param types media types of the request, in lower case: a server may be at any path.
 */
export function lfsUse(
  method: string,
  path: string,
  types: string,
): 'fetch' | 'push' | 'lfs-batch' | undefined {
  // The paths of the specification, and those that GitLab and Bitbucket keep objects at.
  const isLfs = /\/(?:info\/lfs|gitlab-lfs|rest\/git-lfs)(?:\/|$)/.test(path) || types.includes('git-lfs');
  if (!isLfs) return undefined;
  if (method === 'GET' || method === 'HEAD') return 'fetch';
  return method === 'POST' && /\/objects\/batch\/?$/.test(path) ? 'lfs-batch' : 'push';
}

const BATCH_TYPE = /^application\/vnd\.git-lfs\+json(?:; ?charset=utf-8)?$/i;

/** A batch request as it is to leave. */
export interface LeavingBatch {
  readonly query: string;
  readonly rawHeaders: readonly string[];
  /** A `Buffer` where it is sent in one piece. */
  readonly body: unknown;
}

const download = z.object({ operation: z.literal('download') });

/**
 * Whether a batch request, as it is to leave, can only be read as one for downloads. Whatever could be read in another
 * way too is not: another media type, a query, a key twice or in other letters, an escape, a body that is compressed or
 * too long to be sent in one piece (a hundred objects, as clients ask for at once, are 12 KB).
 */
export function asksForDownload({ query, rawHeaders, body }: LeavingBatch): boolean {
  const type = valuesOf(rawHeaders, 'content-type').join(',');
  if (query !== '' || !BATCH_TYPE.test(type) || !Buffer.isBuffer(body)) return false;
  const text = body.toString('utf8');
  if (text.includes('\\') || text.match(/"operation"/gi)?.length !== 1) return false;
  try {
    return download.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}
