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

  it('repositories with a deploy key are supported, in each spelling', async () => {
    const repo = (name: string, key: string) => `${name}: {url: "ssh://git@h.example/a/b", ${key}}`;
    const repos = [
      repo('a', 'key: {provider: gitlab, token_ref: T}'),
      repo('b', 'provisioned_key: {provider: gitea, token_env: T}'),
    ];
    const manifest = await manifestOf(COMMAND, `git-gate: {repos: {${repos.join(', ')}}}`);
    expect(unsupportedKeys(manifest)).toEqual([]);
  });

  it('a bottle that disables supervision is supported', async () => {
    expect(unsupportedKeys(await manifestOf(COMMAND, 'supervise: false'))).toEqual([]);
  });

  it('supervision is refused by name, with file and line', async () => {
    const sources = await workshop({
      'home/agents/dev.md': agentOf('b'),
      'home/bottles/b.md': yaml('supervise: true'),
    });
    const manifest = await loadManifest('dev', sources);
    expect(unsupportedKeys(manifest)).toEqual(['supervise']);
    expect(() => assertSupported(manifest)).toThrow(
      `${sources.home}/bottles/b.md:2: supervise: not supported yet`,
    );
  });
});
