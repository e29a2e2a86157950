import { describe, expect, it } from 'vitest';
import { decide } from '../../../../../lib/daemons/egress/policy/decide.ts';
import { buildPolicy } from '../../../../../lib/daemons/egress/policy/policy.ts';
import { calm } from '../../../../support/egress/decisions.ts';

const HOST = 'git.example.com';
const GATED = [
  { name: 'kit', host: HOST, path: '/team/kit' },
  { name: 'docs', host: 'other.example.com', path: '/docs' },
];

function remedy(target: string, host = HOST, routes = [{ host: HOST }]): string {
  const policy = buildPolicy({ version: 1, git_gate: GATED, routes }, new Set());
  const verdict = decide(
    {
      ...{ kind: 'tunneled', method: 'GET', target, hostHeaders: [host], rawHeaders: [], upgrade: '' },
      ...{ version: '1.1', tunnel: { host, port: 443 }, serverName: host },
    },
    policy,
    calm,
  );
  return verdict.allow ? 'allowed' : `${verdict.code}: ${verdict.remedy}`;
}

describe('a git request that egress refuses', () => {
  it.each([
    ['/team/kit.git/info/refs?service=git-receive-pack', 'git-push-refused'],
    ['/team/kit/info/refs?service=git-upload-pack', 'git-fetch-refused'],
    ['/Team/Kit.git/git-upload-pack', 'git-fetch-refused'],
    ['/team/kit.git/info/lfs/locks', 'git-fetch-refused'],
  ])('names the gate where the repository is in it: %s', (target, code) => {
    expect(remedy(target)).toMatch(new RegExp(`^${code}: .*\\$GIT_GATE_URL/kit\\.git`));
  });

  it.each(['/team/kit-docs.git', '/team', '/docs.git', '/x/team/kit.git'])(
    'tells what the operator can do where it is not: %s',
    (repo) => {
      expect(remedy(`${repo}/info/refs?service=git-receive-pack`)).toContain('git-gate.repos');
      expect(remedy(`${repo}/info/refs`)).toContain('git: {fetch: true}');
    },
  );

  it('names the gate too where the host has no route', () => {
    expect(remedy('/anything', 'other.example.com')).toMatch(/^host-unlisted: .*\$GIT_GATE_URL\/docs\.git/);
  });
});
