import { z } from 'zod';
import { type Dialect, encodeSegments } from './dialect.ts';

/** Servers may allow less than the 50 that they have as a default. */
const PAGE_SIZE = 50;

const failure = z.looseObject({ message: z.string() });

/** The API of Gitea and Forgejo: `/api/swagger` of every server, `repoCreateKey`, `repoListKeys`, `repoDeleteKey`. */
export function gitea(name: 'Gitea' | 'Forgejo'): Dialect {
  return {
    name,
    tokenNeeds: 'the scope `write:repository`, of a user who administers the repository',
    headers: (token) => ({ authorization: `token ${token}`, accept: 'application/json' }),
    keysPath: (repository) => `/repos/${encodeSegments(repository)}/keys`,
    creation: ({ title, publicKey, mayWrite }) => ({ title, key: publicKey, read_only: !mayWrite }),
    pageQuery: (page) => `page=${page}&limit=${PAGE_SIZE}`,
    hasMore: (headers, seen) => seen < Number(headers('x-total-count') ?? 0),
    complaint: (body) => failure.safeParse(body).data?.message ?? '',
    settingsPage: (apiUrl, repository) =>
      `${apiUrl.replace(/\/api\/v1$/, '')}/${encodeSegments(repository)}/settings/keys`,
  };
}
