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

const failure = (status: number, message: string): Reply => ({
  status,
  body: { message, url: 'https://localhost/api/swagger' },
});

/** Gitea and Forgejo: `routers/api/v1/repo/key.go`, and `/api/swagger` of every server. */
export const giteaRules: Rules = {
  base: '/api/v1',

  async answer(asked, site) {
    const [, token = ''] = /^token (\S+)$/.exec(asked.header('authorization')) ?? [];
    const access = site.tokens.get(token);
    if (access === undefined) return failure(401, 'invalid username, password or token');
    const list = `/repos/${site.repository}/keys`;
    const [, id] = /\/keys\/(\d+)$/.exec(asked.path) ?? [];
    if (asked.path !== list && asked.path !== `${list}/${id}`)
      return failure(404, 'The target couldn’t be found.');
    if (access !== 'admin')
      return failure(403, 'token does not have at least one of required scope(s): [write:repository]');
    if (id !== undefined) return asked.method === 'DELETE' ? revoke(Number(id), site) : { status: 405 };
    if (asked.method === 'GET') return listed(asked, site);
    return asked.method === 'POST' ? create(asked, site) : { status: 405 };
  },
};

function listed(asked: Asked, site: Site): Reply {
  const page = pageOf(asked, site, 'limit');
  if (page === undefined) return failure(422, 'unknown parameter');
  const body = page.keys.map(({ id, title, key, mayWrite }) => ({ id, title, key, read_only: !mayWrite }));
  return { status: 200, headers: { 'x-total-count': String(site.keys.size) }, body };
}

async function create(asked: Asked, site: Site): Promise<Reply> {
  const fields = fieldsOf(asked);
  if (fields === undefined) return failure(422, '[]: Unsupported Content-Type');
  if (!hasExactly(fields, { title: 'string', key: 'string', read_only: 'boolean' }))
    return failure(422, '[Title]: Required');
  const { title, key, read_only: readOnly } = fields;
  if (!isPublicKey(key)) return failure(422, 'Invalid key content: ssh: no key found');
  const others = [...site.keys.values()];
  if (others.some((other) => other.key === key))
    return failure(422, 'This key has already been added to this repository');
  if (others.some((other) => other.title === title))
    return failure(422, 'A key with the same name already exists');
  const made = await site.add({ title: String(title), key, mayWrite: readOnly === false });
  return { status: 201, body: { id: made.id, key_id: made.id, title, key, read_only: readOnly } };
}

async function revoke(id: number, site: Site): Promise<Reply> {
  if (!site.keys.has(id)) return failure(404, 'The target couldn’t be found.');
  await site.remove(id);
  return { status: 204 };
}
