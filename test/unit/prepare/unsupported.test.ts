import { describe, expect, it } from 'vitest';
import { loadManifest } from '../../../lib/manifest/load.ts';
import type { Manifest } from '../../../lib/manifest/types.ts';
import { assertSupported, unsupportedKeys } from '../../../lib/prepare/unsupported.ts';
import { agentOf, workshop, yaml } from '../../support/manifest-workspace.ts';

const COMMAND = 'agent_provider: {template: command, command: [x]}';

async function manifestOf(...lines: string[]): Promise<Manifest> {
  const sources = await workshop({ 'home/agents/dev.md': agentOf('b'), 'home/bottles/b.md': yaml(...lines) });
  return loadManifest('dev', sources);
}

describe('unsupported features of a manifest', () => {
  it('a bottle with only a command, routes and environment is supported', async () => {
    const manifest = await manifestOf(
      COMMAND,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the manifest's own spelling
      'env: {A: b, C: "${D}", E: "?"}',
      'egress: {log: 2, learn: true, routes: [{host: a.example, port: 8443, private: true, auth: {scheme: Bearer, token_ref: T}}]}',
    );
    expect(manifest.bottle.supervise).toBe(true);
    expect(() => assertSupported(manifest)).not.toThrow();
  });

  it('a route with conditions and detectors is supported', async () => {
    const lines = [
      'supervise: false',
      'egress: {routes: [{host: "*.a.example", matches: [{methods: [GET]}], git: {fetch: true}, dlp: {outbound_on_match: block}}]}',
    ];
    expect(unsupportedKeys(await manifestOf(COMMAND, ...lines))).toEqual([]);
  });

  it('an author, and repositories with a key file or a token, are supported', async () => {
    const repos = [
      'a: {url: "ssh://git@h.example/a", identity: k}',
      'b: {url: "https://h.example/b", key: {provider: token, token_ref: T}}',
    ];
    const git = `git-gate: {user: {name: A}, repos: {${repos.join(', ')}}}`;
    expect(unsupportedKeys(await manifestOf(COMMAND, git))).toEqual([]);
  });

  it.each(['supervise: false', 'supervise: true'])('a bottle with %s is supported', async (line) => {
    expect(unsupportedKeys(await manifestOf(COMMAND, line))).toEqual([]);
  });

  it.each([
    [
      'git-gate.repos.a.key',
      [
        COMMAND,
        'git-gate: {repos: {a: {url: "ssh://git@h.example/a", key: {provider: gitea, provisioner_token: T}}}}',
      ],
    ],
  ])('unsupported %s is refused by name', async (key, lines) => {
    const manifest = await manifestOf(...lines);
    expect(unsupportedKeys(manifest)).toEqual([key]);
    expect(() => assertSupported(manifest)).toThrow(`${key}: not supported yet`);
  });

  it('all unsupported keys are reported at once, with file and line', async () => {
    const sources = await workshop({
      'home/agents/dev.md': agentOf('b'),
      'home/bottles/b.md': yaml(
        ...['git-gate:', '  repos:', '    a:', '      url: ssh://git@h.example/a'],
        '      provisioned_key: {provider: gitea, token_env: T}',
        ...['    b:', '      url: ssh://git@h.example/b'],
        '      provisioned_key: {provider: gitea, token_env: T}',
      ),
    });
    const manifest = await loadManifest('dev', sources);
    expect(() => assertSupported(manifest)).toThrow(
      [
        'the manifest uses 2 features that are not supported yet',
        `${sources.home}/bottles/b.md:4: git-gate.repos.a.key: not supported yet`,
        `${sources.home}/bottles/b.md:7: git-gate.repos.b.key: not supported yet`,
      ].join('\n'),
    );
  });
});
