import { z } from 'zod';
import { type Dialect, encodeSegments } from './dialect.ts';

/** The newest version that GitHub Enterprise Server has too. */
const API_VERSION = '2022-11-28';

const failure = z.looseObject({
  message: z.string(),
  errors: z.array(z.looseObject({ message: z.string().optional() })).optional(),
});

/** GitHub's REST API, "REST API endpoints for deploy keys". */
export const github: Dialect = {
  name: 'GitHub',
  tokenNeeds:
    '“Administration: write” for this repository if it is fine-grained, and the scope `repo` if it is classic; the organization must allow deploy keys',
  headers: (token) => ({
    authorization: `Bearer ${token}`,
    accept: 'application/vnd.github+json',
    'x-github-api-version': API_VERSION,
  }),
  keysPath: (repository) => `/repos/${encodeSegments(repository)}/keys`,
  creation: ({ title, publicKey, mayWrite }) => ({ title, key: publicKey, read_only: !mayWrite }),
  pageQuery: (page) => `per_page=100&page=${page}`,
  // The URL that follows is not used: the token goes to no address that a response names.
  hasMore: (headers) => /;\s*rel="next"/.test(headers('link') ?? ''),
  complaint(body) {
    const { message = '', errors = [] } = failure.safeParse(body).data ?? {};
    return [message, ...errors.flatMap((error) => error.message ?? [])].filter(Boolean).join(': ');
  },
  settingsPage(apiUrl, repository) {
    const site =
      apiUrl === 'https://api.github.com' ? 'https://github.com' : apiUrl.replace(/\/api\/v3$/, '');
    return `${site}/${encodeSegments(repository)}/settings/keys`;
  },
};
