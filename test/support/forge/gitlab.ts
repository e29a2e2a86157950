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

const DAY_MS = 24 * 3_600_000;
const failure = (status: number, message: unknown): Reply => ({ status, body: { message } });

/** GitLab: "Deploy keys API". */
export const gitlabRules: Rules = {
  base: '/api/v4',

  async answer(asked, site) {
    const access = site.tokens.get(asked.header('private-token'));
    if (access === undefined) return failure(401, '401 Unauthorized');
    const list = `/projects/${encodeURIComponent(site.repository)}/deploy_keys`;
    const [, id] = /\/deploy_keys\/(\d+)$/.exec(asked.path) ?? [];
    if (asked.path !== list && asked.path !== `${list}/${id}`) return failure(404, '404 Project Not Found');
    if (access !== 'admin')
      return { status: 403, body: { error: 'insufficient_scope', message: '403 Forbidden' } };
    if (id !== undefined)
      return asked.method === 'DELETE' ? revoke(Number(id), site) : failure(405, '405 Not Allowed');
    if (asked.method === 'GET') return listed(asked, site);
    return asked.method === 'POST' ? create(asked, site) : failure(405, '405 Not Allowed');
  },
};

function listed(asked: Asked, site: Site): Reply {
  const page = pageOf(asked, site, 'per_page');
  if (page === undefined) return { status: 400, body: { error: 'unknown parameter' } };
  const body = page.keys.map(({ id, title, key, mayWrite }) => ({ id, title, key, can_push: mayWrite }));
  return { status: 200, headers: { 'x-next-page': page.hasMore ? String(page.page + 1) : '' }, body };
}

async function create(asked: Asked, site: Site): Promise<Reply> {
  const fields = fieldsOf(asked);
  if (fields === undefined)
    return { status: 415, body: { error: 'The provided content-type is not supported.' } };
  const types = { title: 'string', key: 'string', can_push: 'boolean', expires_at: 'string' } as const;
  if (!hasExactly(fields, types)) return { status: 400, body: { error: 'key is missing' } };
  const { title, key, can_push: canPush, expires_at: expiresAt } = fields;
  const daysLeft = (Date.parse(String(expiresAt)) - Date.now()) / DAY_MS;
  if (!(daysLeft > 1 && daysLeft < 15)) return failure(400, { expires_at: ['is not a few days out'] });
  if (!isPublicKey(key)) return failure(400, { 'deploy_key.key': ['is invalid'] });
  if ([...site.keys.values()].some((other) => other.key === key)) {
    return failure(400, { 'deploy_key.fingerprint_sha256': ['has already been taken'] });
  }
  const made = await site.add({ title: String(title), key, mayWrite: canPush === true });
  return { status: 201, body: { id: made.id, title, key, can_push: canPush, expires_at: expiresAt } };
}

async function revoke(id: number, site: Site): Promise<Reply> {
  if (!site.keys.has(id)) return failure(404, '404 Deploy Key Not Found');
  await site.remove(id);
  return { status: 204 };
}
