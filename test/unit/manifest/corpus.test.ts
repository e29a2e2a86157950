import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { listAgents, listBottles, loadManifest } from '../../../lib/manifest/load.ts';

const nowhere = path.join(import.meta.dirname, 'nowhere');
const sources = { home: path.join(import.meta.dirname, 'corpus'), cwd: nowhere, examples: nowhere };

describe('manifests written for bot-bottle', () => {
  it('every agent and every bottle loads unchanged', async () => {
    const agents = (await listAgents(sources)).map(({ name }) => name).filter((name) => name !== 'portable');
    const bottles = (await listBottles(sources)).map(({ name }) => name);
    expect([agents.length, bottles.length]).toEqual([5, 6]);
    for (const agent of agents) await expect(loadManifest(agent, sources)).resolves.toBeDefined();
    for (const bottle of bottles) {
      await expect(loadManifest('portable', sources, { bottles: [bottle] })).resolves.toBeDefined();
    }
    await expect(loadManifest('portable', sources, { bottles })).resolves.toBeDefined();
  });

  it('routes are read with all their options', async () => {
    const { bottle } = await loadManifest('implementer', sources);
    expect(bottle.egress.log).toBe(2);
    expect(bottle.egress.routes).toEqual([
      {
        host: 'api.github.com',
        auth: { scheme: 'Bearer', tokenRef: 'GITHUB_TOKEN' },
        matches: [
          { paths: [{ type: 'prefix', value: '/repos/example/' }], methods: ['GET', 'POST'] },
          {
            paths: [
              { type: 'exact', value: '/user' },
              { type: 'regex', value: '^/orgs/[a-z-]+/members$' },
            ],
            headers: [
              { type: 'exact', name: 'accept', value: 'application/vnd.github+json' },
              { type: 'regex', name: 'x-github-api-version', value: '2022-.*' },
            ],
          },
        ],
        dlp: {
          outboundDetectors: ['token_patterns', 'known_secrets', 'entropy'],
          inboundDetectors: ['naive_injection_detection'],
          outboundOnMatch: 'redact',
        },
      },
      { host: 'github.com', git: { fetch: true } },
      {
        host: 'gitea.example.org',
        auth: { scheme: 'token', tokenRef: 'GITEA_TOKEN' },
        dlp: { outboundDetectors: [], inboundDetectors: [] },
      },
      { host: 'cdn.example.org' },
    ]);
  });

  it('env, provider, identity and prompt are read as written', async () => {
    const { agent, bottle } = await loadManifest('implementer', sources);
    expect(bottle.env).toEqual({
      EDITOR: { kind: 'literal', value: 'vi' },
      TZ: { kind: 'literal', value: 'Europe/Vienna' },
      GIT_PAGER: { kind: 'literal', value: '' },
      NODE_ENV: { kind: 'literal', value: 'development' },
      SENTRY_DSN: { kind: 'prompt', text: 'Sentry DSN for this session' },
      DATABASE_PASSWORD: { kind: 'prompt', text: '' },
      TICKET: { kind: 'host', variable: 'TICKET' },
    });
    expect(bottle.provider).toMatchObject({
      template: 'claude',
      credential: { kind: 'oauth_token', tokenRef: 'CLAUDE_CODE_OAUTH_TOKEN' },
    });
    expect(bottle.gitGate.user).toEqual({ name: 'Implementer (bot)', email: 'robin@example.org' });
    expect(agent.skills).toEqual(['code-review', 'write-tests']);
    expect(agent.prompt).toMatch(/^# Role[\s\S]*---[\s\S]*Write tests first\.$/);
  });

  it('repositories are read in all three spellings of a key', async () => {
    const UNWRITTEN = { branches: null, create: true, force: false, delete: false, tags: false };
    const newest = (await loadManifest('implementer', sources)).bottle.gitGate.repos;
    expect(newest).toEqual([
      {
        name: 'web-app',
        url: 'ssh://git@gitea.example.org:2222/team/web-app.git',
        upstream: {
          scheme: 'ssh',
          user: 'git',
          host: 'gitea.example.org',
          port: 2222,
          path: '/team/web-app.git',
        },
        hostKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGVleGFtcGxlZXhhbXBsZWV4YW1wbGVleGFt',
        key: { kind: 'deploy', forge: 'gitea', tokenVariable: 'GITEA_PROVISIONER_TOKEN' },
        push: UNWRITTEN,
        extraHosts: { 'gitea.example.org': '10.4.0.7' },
      },
      {
        name: 'docs.site_2',
        url: 'ssh://git@github.com/example/docs.git',
        upstream: { scheme: 'ssh', user: 'git', host: 'github.com', port: 22, path: '/example/docs.git' },
        hostKey: 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ==',
        key: { kind: 'static', path: '~/.ssh/id_docs' },
        push: UNWRITTEN,
        extraHosts: {},
      },
    ]);
    const older = (await loadManifest('ops', sources)).bottle.gitGate.repos;
    expect(older.map(({ key, upstream }) => [key, upstream.user])).toEqual([
      [{ kind: 'static', path: '~/.ssh/infra_ed25519' }, 'git'],
      [{ kind: 'deploy', forge: 'gitea', tokenVariable: 'GITEA_ADMIN_TOKEN' }, 'deploy-bot'],
    ]);
  });

  it('cleared values, codex, and disabled supervision are read as written', async () => {
    const offline = (await loadManifest('reader', sources)).bottle;
    expect([offline.egress, offline.gitGate.repos]).toEqual([{ routes: [], log: 0, learn: false }, []]);
    expect(offline.gitGate.user).toEqual({ name: 'Robin Example', email: 'reader@example.org' });
    const codex = (await loadManifest('reviewer', sources)).bottle;
    expect(codex.provider).toEqual({ template: 'codex', credential: { kind: 'chatgpt' }, mcpServers: {} });
    expect(codex.supervise).toBe(false);
    expect((await loadManifest('own', sources)).bottle.provider.template).toBe('my_agent');
  });
});
