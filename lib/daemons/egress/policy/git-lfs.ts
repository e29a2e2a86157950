import * as z from 'zod';
import { valuesOf } from '../../shared/raw-headers.ts';

/**
 * Classifies a request to a git LFS server; `undefined` for any other request. Every change counts as a push,
 * and so do requests that only pushes make (`locks/verify`). A batch asks for the addresses of objects, to
 * download or to upload them; `asksForDownload` tells which.
 * @param path in lower case.
 * @param types media types of the request, in lower case, since a server may be at any path.
 */
export function lfsUse(
  method: string,
  path: string,
  types: string,
): 'fetch' | 'push' | 'lfs-batch' | undefined {
  // The paths of the specification, and those where GitLab and Bitbucket keep objects.
  const isLfs = /\/(?:info\/lfs|gitlab-lfs|rest\/git-lfs)(?:\/|$)/.test(path) || types.includes('git-lfs');
  if (!isLfs) return undefined;
  if (method === 'GET' || method === 'HEAD') return 'fetch';
  return method === 'POST' && /\/objects\/batch\/?$/.test(path) ? 'lfs-batch' : 'push';
}

const BATCH_TYPE = /^application\/vnd\.git-lfs\+json(?:; ?charset=utf-8)?$/i;

/** A batch request as it will be sent. */
export interface LeavingBatch {
  readonly query: string;
  readonly rawHeaders: readonly string[];
  /** A `Buffer` if it is sent in one piece. */
  readonly body: unknown;
}

const download = z.object({ operation: z.literal('download') });

/**
 * Whether a batch request, as it will be sent, can only be read as one for downloads. Anything ambiguous is
 * not: another media type, a query, a duplicate key or one in other case, an escape, or a body that is
 * compressed or too long to be sent in one piece (a hundred objects, as many as clients request at once, are
 * 12 KB).
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
