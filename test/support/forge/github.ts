import {
  type Asked,
  fieldsOf,
  hasExactly,
  isPublicKey,
  pageOf,
  type Reply,
  type Rules,
  type Site,
} from './rules.ts';

const DOCS = 'https://docs.github.com/rest/deploy-keys/deploy-keys';
const failure = (status: number, message: string, errors?: unknown): Reply => ({
  status,
  body: { message, documentation_url: DOCS, ...(errors === undefined ? {} : { errors }) },
});
const invalid = (field: string, message: string) =>
  failure(422, 'Validation Failed', [{ resource: 'PublicKey', code: 'custom', field, message }]);

/** GitHub: "REST API endpoints for deploy keys". */
export const githubRules: Rules = {
  base: '/api/v3',

  async answer(asked, site) {
    if (asked.header('user-agent') === '') return failure(403, 'Request forbidden by administrative rules.');
    if (asked.header('accept') !== 'application/vnd.github+json')
      return failure(415, 'Unsupported media type');
    if (asked.header('x-github-api-version') !== '2022-11-28') return failure(400, 'Unsupported API version');
    const [, token = ''] = /^Bearer (\S+)$/.exec(asked.header('authorization')) ?? [];
    const access = site.tokens.get(token);
    if (access === undefined) return failure(401, 'Bad credentials');
    const list = `/repos/${site.repository}/keys`;
    const [, id] = /\/keys\/(\d+)$/.exec(asked.path) ?? [];
    const isKnown = asked.path === list || asked.path === `${list}/${id}`;
    const isOffered = asked.method === 'GET' || asked.method === (id === undefined ? 'POST' : 'DELETE');
    if (!isKnown || !isOffered) return failure(404, 'Not Found');
    if (asked.method === 'GET') return listed(asked, site);
    if (access !== 'admin') return failure(403, 'Resource not accessible by personal access token');
    return id === undefined ? create(asked, site) : revoke(Number(id), site);
  },
};

function listed(asked: Asked, site: Site): Reply {
  const page = pageOf(asked, site, 'per_page');
  if (page === undefined) return failure(422, 'unknown parameter');
  // Of another host: whoever follows it loses the token.
  const link = `<https://elsewhere.example/keys?page=${page.page + 1}>; rel="next"`;
  const body = page.keys.map(({ id, title, key, mayWrite }) => ({
    id,
    title,
    key,
    verified: true,
    read_only: !mayWrite,
  }));
  return { status: 200, headers: page.hasMore ? { link } : {}, body };
}

async function create(asked: Asked, site: Site): Promise<Reply> {
  const fields = fieldsOf(asked);
  if (fields === undefined) return failure(400, 'Problems parsing JSON');
  if (!hasExactly(fields, { title: 'string', key: 'string', read_only: 'boolean' }))
    return failure(422, 'Invalid request.');
  const { title, key, read_only: readOnly } = fields;
  if (!isPublicKey(key))
    return invalid('key', 'key is invalid. You must supply a key in OpenSSH public key format');
  if ([...site.keys.values()].some((other) => other.key === key))
    return invalid('key', 'key is already in use');
  const made = await site.add({ title: String(title), key, mayWrite: readOnly === false });
  return { status: 201, body: { id: made.id, title, key, verified: true, read_only: readOnly } };
}

async function revoke(id: number, site: Site): Promise<Reply> {
  if (!site.keys.has(id)) return failure(404, 'Not Found');
  await site.remove(id);
  return { status: 204 };
}
