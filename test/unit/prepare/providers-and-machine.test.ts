import path from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';
import { errorOfProblems } from '../../../lib/errors.ts';
import { checkKvm } from '../../../lib/prepare/kvm.ts';
import type { Checked } from '../../../lib/prepare/preflight.ts';
import { errorText } from '../../../lib/terminal/error-text.ts';
import { check, FAKE, hostWith, smolvmOf, writeFiles } from '../../support/prepare-scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const home = useTemporaryHome();

beforeEach(() => {
  vi.stubEnv('SMOLVM', FAKE);
  vi.stubEnv('BOT_BOTTLE_IMAGE', '');
  vi.stubEnv('NO_COLOR', '1');
});

const COMMAND = '{template: command, command: [run], dockerfile: ~/Dockerfile}';

async function checkWith(provider: string, rest = '', host = hostWith()): Promise<Checked> {
  await writeFiles(home.path, {
    'home/agents/dev.md': '---\nbottle: dev\n---\n',
    'home/bottles/dev.md': `---\nagent_provider: ${provider}\n${rest}---\n`,
    Dockerfile: 'FROM scratch\n',
  });
  return check(home.path, 'dev', host);
}

async function signedIn(content: string): Promise<Checked> {
  vi.stubEnv('CODEX_HOME', path.join(home.path, 'codex'));
  await writeFiles(home.path, { 'codex/auth.json': content });
  return checkWith('{template: codex, forward_host_credentials: true}');
}

const token = (claims: object) => `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`;
const ofToken = (claims: object) => JSON.stringify({ tokens: { access_token: token(claims) } });
const own = (name: string, module: string) =>
  writeFiles(home.path, { [`home/contrib/${name}/provider.ts`]: module });

/** Problems that prevent a launch, with their messages in a golden file that `vitest run -u` rewrites. */
const GOLDEN: Readonly<Record<string, () => Promise<Checked>>> = {
  'a smolvm that does not exist': async () => {
    vi.stubEnv('SMOLVM', path.join(home.path, 'nowhere/smolvm'));
    return checkWith(COMMAND);
  },
  'a smolvm that is too old': async () => {
    await smolvmOf(home.path, 'smolvm 0.7.9');
    return checkWith(COMMAND);
  },
  'a smolvm whose guests cannot reach their bundle': async () => {
    await smolvmOf(home.path, 'smolvm 1.5.0');
    return checkWith(COMMAND);
  },
  'a /dev/kvm that this user cannot access': async () => {
    await smolvmOf(home.path, 'smolvm 1.9.3');
    const access = async (_path: unknown, mode?: number) => {
      if (mode !== 0) throw new Error('EACCES');
    };
    return checkWith(COMMAND, '', hostWith({ kvm: () => checkKvm('/dev/kvm', 'linux', access) }));
  },
  'a fake smolvm that cannot start guests, on Linux': async () => {
    const fakeObstacles = async () => [
      'runc is missing (Debian: runc)',
      'nsenter is missing (Debian: util-linux)',
    ];
    return checkWith(COMMAND, '', hostWith({ fakeObstacles }));
  },
  'a fake smolvm on macOS': async () => {
    const fakeObstacles = async () => ['it needs Linux, and this is darwin'];
    return checkWith(COMMAND, '', hostWith({ fakeObstacles, platform: 'darwin' }));
  },
  'an exported answer that is not text': async () => {
    vi.stubEnv('BOT_BOTTLE_PROMPTED_PIN', 'a\ufffdb');
    return checkWith(COMMAND, 'env: {PIN: "?"}\n');
  },
  'a provider without an image': async () => {
    await own('bare', 'export default { command: ["run"] };');
    return checkWith('{template: bare}');
  },
  'an invalid custom provider': async () => {
    await own('wrong', 'export default { comand: "run" };');
    return checkWith('{template: wrong}');
  },
  'a token variable for claude that is not set': async () => {
    vi.stubEnv('CLAUDE_TOKEN', undefined);
    return checkWith('{auth_token: CLAUDE_TOKEN}');
  },
  'an invalid sign-in': async () => signedIn('{"tokens": 1}'),
  'a sign-in with an API key': async () => signedIn('{"OPENAI_API_KEY": "sk-1"}'),
  'a sign-in that never expires': async () => signedIn(ofToken({})),
  'a sign-in that expired': async () => signedIn(ofToken({ exp: 1_750_000_000 })),
};

it('messages about providers and the machine match the golden file', async () => {
  const sections: string[] = [];
  for (const [title, look] of Object.entries(GOLDEN)) {
    vi.stubEnv('SMOLVM', FAKE);
    const [first, ...others] = (await look()).problems;
    if (first === undefined) throw new Error(`${title}: no problem was found`);
    const text = errorText(errorOfProblems([first, ...others])).replaceAll(home.path, '~');
    sections.push(`## ${title}\n\n${text}\n`);
  }
  await expect(sections.join('\n')).toMatchFileSnapshot('golden/providers-and-machine.txt');
});
