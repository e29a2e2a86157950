import { z } from 'zod';
import { type Dialect, encodeSegments } from './dialect.ts';

/**
 * Milliseconds after which GitLab refuses a key that nobody has revoked. Longer than bottles live; `mint-keys --force`
 * makes a new one.
 */
const LIFETIME_MS = 7 * 24 * 3_600_000;

/** `message` is a text, or field -> texts. */
const failure = z.looseObject({
  message: z.union([z.string(), z.record(z.string(), z.array(z.string()))]).optional(),
  error: z.string().optional(),
});

/** GitLab's REST API, "Deploy keys API". */
export const gitlab: Dialect = {
  name: 'GitLab',
  tokenNeeds: 'the scope `api`, of a user or bot with the role Maintainer',
  headers: (token) => ({ 'private-token': token, accept: 'application/json' }),
  keysPath: (repository) => `/projects/${encodeURIComponent(repository)}/deploy_keys`,
  creation: ({ title, publicKey, mayWrite }) => ({
    ...{ title, key: publicKey, can_push: mayWrite },
    expires_at: new Date(Date.now() + LIFETIME_MS).toISOString(),
  }),
  pageQuery: (page) => `per_page=100&page=${page}`,
  hasMore: (headers) => (headers('x-next-page') ?? '') !== '',
  complaint(body) {
    const { message, error = '' } = failure.safeParse(body).data ?? {};
    if (typeof message !== 'object') return message ?? error;
    return Object.entries(message)
      .map(([field, texts]) => `${field} ${texts.join(', ')}`)
      .join('; ');
  },
  settingsPage: (apiUrl, repository) =>
    `${apiUrl.replace(/\/api\/v4$/, '')}/${encodeSegments(repository)}/-/settings/repository`,
};
