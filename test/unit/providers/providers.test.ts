import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { KIT_DIRECTORY } from '../../../lib/bottle/paths.ts';
import { BottleError } from '../../../lib/errors.ts';
import { loadManifest } from '../../../lib/manifest/load.ts';
import { manifestSources } from '../../../lib/manifest/sources.ts';
import { imageSource } from '../../../lib/prepare/image-source.ts';
import { checkCodexSignIn } from '../../../lib/providers/codex/sign-in.ts';
import { providerFor } from '../../../lib/providers/registry.ts';
import { loadUserProvider } from '../../../lib/providers/user-provider.ts';
import { writeFiles } from '../../support/prepare-scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const LOADER = pathToFileURL(path.join(KIT_DIRECTORY, 'lib/providers/user-provider.ts')).href;

const home = useTemporaryHome();
const kitHome = () => path.join(home.path, 'home');
const own = (name: string, module: string) =>
  writeFiles(kitHome(), { [`contrib/${name}/provider.ts`]: module });

async function refusal(work: Promise<unknown>): Promise<string> {
  const thrown: unknown = await work.catch((error: unknown) => error);
  if (!(thrown instanceof BottleError)) throw new Error('was not refused');
  return `${thrown.code}: ${thrown.message} | ${thrown.hint}`.replaceAll(home.path, '~');
}

beforeEach(() => vi.stubEnv('BOT_BOTTLE_IMAGE', ''));

describe('built-in providers', () => {
  it.each([
    ['claude', 'claude --dangerously-skip-permissions'],
    ['codex', 'codex --dangerously-bypass-approvals-and-sandbox'],
  ])('%s is started so that it asks for nothing: the bottle is what holds it', async (template, command) => {
    const provider = await providerFor(template, kitHome());
    expect(provider.command(undefined).join(' ')).toBe(command);
    expect(provider).toMatchObject({ user: 'node', home: '/home/node', image: `bot-bottle-${template}` });
  });

  it('claude brings its own route with the OAuth token that the bottle names, and none without one', async () => {
    const { routes } = await providerFor('claude', kitHome());
    const choice = { template: 'claude', forwardHostCredentials: false };
    expect(routes?.({ ...choice, authToken: 'CLAUDE_TOKEN' })).toEqual([
      {
        host: 'api.anthropic.com',
        auth: { scheme: 'Bearer', tokenRef: 'CLAUDE_TOKEN' },
        dlp: { inboundDetectors: [] },
      },
    ]);
    expect(routes?.(choice)).toEqual([]);
  });

  it('command runs what the manifest names', async () => {
    expect((await providerFor('command', kitHome())).command(['run', 'me'])).toEqual(['run', 'me']);
  });

  it('cannot be replaced by one of the operator’s', async () => {
    await own('claude', 'export default { command: ["mine"] };');
    expect((await providerFor('claude', kitHome())).command(undefined)[0]).toBe('claude');
  });
});

describe('a provider of the operator’s own', () => {
  it('is a TypeScript module, with a Dockerfile beside it if it wants', async () => {
    await own(
      'aider',
      'const command: string[] = ["aider", "--yes"];\nexport default { command, environment: { A: "b" } };',
    );
    await writeFiles(kitHome(), { 'contrib/aider/Dockerfile': 'FROM scratch\n' });
    const provider = await providerFor('aider', kitHome());
    expect(provider.command(undefined)).toEqual(['aider', '--yes']);
    expect(provider).toMatchObject({
      template: 'aider',
      image: 'bot-bottle-aider',
      dockerfile: path.join(kitHome(), 'contrib/aider/Dockerfile'),
      user: 'node',
      environment: { A: 'b' },
    });
  });

  it.each([
    [
      'wrong',
      'export default { comand: ["x"] };',
      /provider-invalid: .*contrib\/wrong\/provider\.ts: .*\n.*command/,
    ],
    ['empty', 'export default { command: [] };', /command: /],
    ['shell', 'export default { command: "rm -rf" };', /command: /],
    ['throws', 'throw new Error("on its own");', /cannot be loaded: on its own/],
    ['bare', 'export const command = ["x"];', /no provider|cannot be loaded/],
    ['user', 'export default { command: ["x"], user: "a b" };', /user: is not the name of a user/],
    ['nothing', 'throw null;', /cannot be loaded: null/],
    ['getter', 'export default { get command() { throw new Error("no"); } };', /no provider\nno/],
    ['function', 'export default () => 1;', /must be a map of keys and values, not a function/],
    [
      'names',
      'export default { command: ["x"], environment: { "A-B": "c" } };',
      /environment\.A-B: is not the name/,
    ],
  ])('that is %s is refused with its file and key', async (name, module, message) => {
    await own(name, module);
    expect(await refusal(providerFor(name, kitHome()))).toMatch(message);
  });

  it.each([
    [
      'is not whole',
      'export default {\n  command: [',
      /provider\.ts:2 cannot be loaded: Expression expected/,
    ],
    ['needs more than its types removed', 'enum A { B }', /provider\.ts:1 cannot be loaded: TypeScript enum/],
  ])('whose TypeScript %s is refused with its line', async (_title, module, message) => {
    await own('odd', module);
    // In a Node of its own: the tests' module loader reads TypeScript by other means.
    const load = `import { loadUserProvider } from ${JSON.stringify(LOADER)};
      await loadUserProvider('odd', ${JSON.stringify(kitHome())}).catch((error) => console.log(error.message));`;
    const { stdout } = await execa(process.execPath, ['--input-type=module', '--eval', load]);
    expect(stdout).toMatch(message);
  });

  it('that waits for something is waited for, but not forever', async () => {
    await own(
      'slow',
      'await new Promise((done) => setTimeout(done, 20));\nexport default { command: ["x"] };',
    );
    expect((await loadUserProvider('slow', kitHome()))?.command(undefined)).toEqual(['x']);
    await own('stuck', 'await new Promise(() => {});\nexport default { command: ["x"] };');
    expect(await refusal(loadUserProvider('stuck', kitHome(), 100))).toMatch(/has not ended after 0\.1 s/);
  });

  it('whose folder holds no module is named', async () => {
    await writeFiles(kitHome(), { 'contrib/empty-one/notes.txt': '' });
    expect(await refusal(providerFor('empty-one', kitHome()))).toMatch(
      /empty-one\/provider\.ts is not there/,
    );
  });

  it('that is not there: lists those that are', async () => {
    await own('aider', 'export default { command: ["aider"] };');
    expect(await refusal(providerFor('aidr', kitHome()))).toMatch(/'aidr'.*claude, codex, command, aider\./);
  });
});

describe('the Dockerfile of an image', () => {
  async function source(slug = 'dev-00000') {
    const manifest = await loadManifest('dev', manifestSources(home.path));
    const provider = await providerFor(manifest.bottle.provider.template, kitHome());
    return imageSource({ slug, manifest, provider, cwd: home.path });
  }
  const given = (provider: string) =>
    writeFiles(home.path, {
      'home/agents/dev.md': '---\nbottle: dev\n---\n',
      'home/bottles/dev.md': `---\nagent_provider: ${provider}\n---\n`,
      'own/Dockerfile': 'FROM scratch\n',
    });

  it('is this very bottle’s, else the manifest’s, else the provider’s own', async () => {
    await given('{template: aider}');
    await own('aider', 'export default { command: ["aider"] };');
    await writeFiles(kitHome(), { 'contrib/aider/Dockerfile': 'FROM scratch\n' });
    const providers = path.join(kitHome(), 'contrib/aider');
    expect(await source()).toMatchObject({
      dockerfile: path.join(providers, 'Dockerfile'),
      context: providers,
      extraCa: true,
    });

    await given('{template: aider, dockerfile: own/Dockerfile}');
    const manifests = path.join(home.path, 'own');
    expect(await source()).toMatchObject({
      dockerfile: path.join(manifests, 'Dockerfile'),
      context: manifests,
      extraCa: false,
    });

    await writeFiles(kitHome(), { 'state/dev-00000/Dockerfile': 'FROM scratch\n' });
    const override = path.join(kitHome(), 'state/dev-00000/Dockerfile');
    // Its context is never the state directory, which holds the bottle's CA.
    expect(await source()).toMatchObject({ dockerfile: override, context: manifests });
    expect(await source('dev-11111')).toMatchObject({
      context: manifests,
      dockerfile: path.join(manifests, 'Dockerfile'),
    });
  });

  it('is of no account when BOT_BOTTLE_IMAGE names an image', async () => {
    await given('{template: claude}');
    vi.stubEnv('BOT_BOTTLE_IMAGE', 'mine:1');
    expect(await source()).toEqual({ kind: 'reference', reference: 'mine:1' });
  });

  it('comes with the kit for claude and codex', async () => {
    for (const template of ['claude', 'codex']) {
      await given(`{template: ${template}}`);
      expect(await source()).toMatchObject({ kind: 'dockerfile', repository: `bot-bottle-${template}` });
    }
  });

  it('that is not there is named', async () => {
    await given('{template: claude, dockerfile: nowhere/Dockerfile}');
    expect(await refusal(source())).toMatch(/nowhere\/Dockerfile is not there \| .*home\/bottles\/dev\.md/);
  });
});

describe('a sign-in of Codex that is to be forwarded', () => {
  const token = (exp: unknown) =>
    `x.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.secret-part`;
  const NOW = Date.UTC(2026, 0, 1);

  async function given(content: string | undefined): Promise<void> {
    vi.stubEnv('CODEX_HOME', path.join(home.path, 'codex'));
    if (content !== undefined) await writeFiles(home.path, { 'codex/auth.json': content });
  }

  it('passes while its access token holds', async () => {
    await given(JSON.stringify({ OPENAI_API_KEY: null, tokens: { access_token: token(NOW / 1000 + 60) } }));
    await expect(checkCodexSignIn(NOW)).resolves.toBeUndefined();
  });

  it.each([
    ['missing', undefined, 'is not there'],
    ['an API key', JSON.stringify({ OPENAI_API_KEY: 'sk-secret-part' }), 'holds an API key and no sign-in'],
    ['malformed', '{"tokens": "secret-part"', 'is not what `codex login` writes'],
    [
      'expired',
      JSON.stringify({ tokens: { access_token: token(NOW / 1000 - 1) } }),
      'expired at 2025-12-31T23:59:59',
    ],
    ['without an expiry', JSON.stringify({ tokens: { access_token: 'secret-part' } }), 'without an expiry'],
  ])('is refused when it is %s, and nothing of it is shown', async (_title, content, reason) => {
    await given(content);
    const said = await refusal(checkCodexSignIn(NOW));
    expect(said).toContain(reason);
    expect(said).toContain('Run `codex login`');
    expect(said).not.toContain('secret-part');
  });
});
