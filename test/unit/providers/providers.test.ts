import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { KIT_DIRECTORY } from '../../../lib/host/directories.ts';
import { loadManifest } from '../../../lib/manifest/load.ts';
import { manifestSources } from '../../../lib/manifest/sources.ts';
import { imageSource } from '../../../lib/prepare/image-source.ts';
import { providerFor } from '../../../lib/providers/registry.ts';
import { loadUserProvider } from '../../../lib/providers/user-provider.ts';
import { writeFiles } from '../../support/prepare-scene.ts';
import { refusal } from '../../support/refusal.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const LOADER = pathToFileURL(path.join(KIT_DIRECTORY, 'lib/providers/user-provider.ts')).href;

const home = useTemporaryHome();
const kitHome = () => path.join(home.path, 'home');
const own = (name: string, module: string) =>
  writeFiles(kitHome(), { [`contrib/${name}/provider.ts`]: module });

beforeEach(() => vi.stubEnv('BOT_BOTTLE_IMAGE', ''));

describe('built-in providers', () => {
  it.each(['claude', 'codex', 'pi'])('%s has an image of its own, a user and a home', async (template) => {
    const provider = await providerFor(template, kitHome());
    expect(provider).toMatchObject({ user: 'node', home: '/home/node', image: `bot-bottle-${template}` });
    expect(provider.dockerfile).toMatch(`/${template}/image/Dockerfile`);
  });

  it('the operator cannot replace a built-in provider', async () => {
    await own('claude', 'export default { command: ["mine"] };');
    expect((await providerFor('claude', kitHome())).command?.[0]).toBe('claude');
  });
});

describe('custom providers', () => {
  it('a custom provider is a TypeScript module with an optional Dockerfile', async () => {
    await own(
      'aider',
      'const command: string[] = ["aider", "--yes"];\nexport default { command, environment: { A: "b" } };',
    );
    await writeFiles(kitHome(), { 'contrib/aider/Dockerfile': 'FROM scratch\n' });
    const provider = await providerFor('aider', kitHome());
    expect(provider.command).toEqual(['aider', '--yes']);
    expect(provider).toMatchObject({
      template: 'aider',
      image: 'bot-bottle-aider',
      dockerfile: path.join(kitHome(), 'contrib/aider/Dockerfile'),
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
    ['bare', 'export const command = ["x"];', /not a provider|cannot be loaded/],
    ['user', 'export default { command: ["x"], user: "a b" };', /user: is not a valid user name/],
    ['nothing', 'throw null;', /cannot be loaded: null/],
    ['getter', 'export default { get command() { throw new Error("no"); } };', /not a provider\nno/],
    ['function', 'export default () => 1;', /must be a map of keys and values, not a function/],
    ['files', 'export default { files: [] };', /files: is not a function/],
    ['skills', 'export default { skills: "../.." };', /skills: is not a path inside the home/],
    [
      'route',
      'export default { credentials: { key: { title: "t", routes: [{ host: "*", auth: { scheme: "Bearer" } }] } } };',
      /credentials\.key\.routes\.0\.host: must be a full DNS name/,
    ],
    [
      'names',
      'export default { command: ["x"], environment: { "A-B": "c" } };',
      /environment\.A-B: is not a valid variable name/,
    ],
    [
      'a variable that the kit owns',
      'export default { command: ["x"], environment: { https_proxy: "http://elsewhere" } };',
      /environment\.https_proxy: is the kit’s/,
    ],
  ])('the invalid custom provider `%s` is refused with file and key', async (name, module, message) => {
    await own(name, module);
    expect(await refusal(providerFor(name, kitHome()))).toMatch(message);
  });

  it.each([
    [
      'is incomplete',
      'export default {\n  command: [',
      /provider\.ts:2 cannot be loaded: Expression expected/,
    ],
    ['needs more than its types removed', 'enum A { B }', /provider\.ts:1 cannot be loaded: TypeScript enum/],
  ])('a custom provider whose TypeScript %s is refused with its line', async (_title, module, message) => {
    await own('odd', module);
    // In its own process, since vitest's module loader handles TypeScript differently.
    const load = `import { loadUserProvider } from ${JSON.stringify(LOADER)};
      await loadUserProvider('odd', ${JSON.stringify(kitHome())}).catch((error) => console.log(error.message));`;
    const { stdout } = await execa(process.execPath, ['--input-type=module', '--eval', load]);
    expect(stdout).toMatch(message);
  });

  it('loading a custom provider may be asynchronous, but has a timeout', async () => {
    await own(
      'slow',
      'await new Promise((done) => setTimeout(done, 20));\nexport default { command: ["x"] };',
    );
    expect((await loadUserProvider('slow', kitHome()))?.command).toEqual(['x']);
    await own('stuck', 'await new Promise(() => {});\nexport default { command: ["x"] };');
    expect(await refusal(loadUserProvider('stuck', kitHome(), 100))).toMatch(/did not finish within 0\.1 s/);
  });

  it('a provider directory without a module is refused with its path', async () => {
    await writeFiles(kitHome(), { 'contrib/empty-one/notes.txt': '' });
    expect(await refusal(providerFor('empty-one', kitHome()))).toMatch(
      /empty-one\/provider\.ts does not exist/,
    );
  });

  it('the error about an unknown provider lists the known ones', async () => {
    await own('aider', 'export default { command: ["aider"] };');
    expect(await refusal(providerFor('aidr', kitHome()))).toMatch(
      /'aidr'.*claude, codex, pi, command, aider\./,
    );
  });
});

describe('imageSource', () => {
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

  it('the bottle’s Dockerfile precedes the manifest’s, and that the provider’s', async () => {
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
    // The context is never the state directory, which contains the bottle's CA.
    expect(await source()).toMatchObject({ dockerfile: override, context: manifests });
    expect(await source('dev-11111')).toMatchObject({
      context: manifests,
      dockerfile: path.join(manifests, 'Dockerfile'),
    });
  });

  it('BOT_BOTTLE_IMAGE overrides every Dockerfile', async () => {
    await given('{template: claude}');
    vi.stubEnv('BOT_BOTTLE_IMAGE', 'mine:1');
    expect(await source()).toEqual({ kind: 'reference', reference: 'mine:1' });
  });

  it('the kit includes Dockerfiles for claude and codex', async () => {
    for (const template of ['claude', 'codex']) {
      await given(`{template: ${template}}`);
      expect(await source()).toMatchObject({ kind: 'dockerfile', repository: `bot-bottle-${template}` });
    }
  });

  it('a missing Dockerfile is reported with its path and manifest', async () => {
    await given('{template: claude, dockerfile: nowhere/Dockerfile}');
    expect(await refusal(source())).toMatch(/nowhere\/Dockerfile does not exist \| .*home\/bottles\/dev\.md/);
  });
});
