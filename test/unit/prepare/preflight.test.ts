// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the manifest’s own spelling
import { generateKeyPairSync } from 'node:crypto';
import path from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { errorOfProblems } from '../../../lib/errors.ts';
import { checkKvm } from '../../../lib/prepare/kvm.ts';
import { type Checked, resolvedOf } from '../../../lib/prepare/preflight.ts';
import { resolvePlan } from '../../../lib/prepare/resolve-plan.ts';
import { errorText } from '../../../lib/terminal/error-text.ts';
import { check, FAKE, hostWith, missingEngine, smolvmOf, writeFiles } from '../../support/prepare-scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const home = useTemporaryHome();

const PROVIDER = ['agent_provider:', '  template: command', '  command: [run]', '  dockerfile: ~/Dockerfile'];
const bottle = (...lines: string[]) => `---\n${[...PROVIDER, ...lines].join('\n')}\n---\n`;

async function given(manifest: string, agent = '---\nbottle: dev\n---\nBe kind.\n'): Promise<void> {
  const files = {
    'home/bottles/dev.md': manifest,
    'home/agents/dev.md': agent,
    Dockerfile: 'FROM scratch\n',
  };
  await writeFiles(home.path, files);
}

function said({ problems }: Checked): string {
  const [first, ...others] = problems;
  if (first === undefined) return 'nothing';
  return errorText(errorOfProblems([first, ...others])).replaceAll(home.path, '~');
}

beforeEach(() => {
  vi.stubEnv('SMOLVM', FAKE);
  vi.stubEnv('BOT_BOTTLE_IMAGE', '');
  vi.stubEnv('BOT_BOTTLE_PIPELOCK_IMAGE', '');
  vi.stubEnv('NO_COLOR', '1');
});

/** Problems that prevent a launch, with their messages in a golden file that `vitest run -u` rewrites. */
const GOLDEN: Readonly<Record<string, () => Promise<Checked>>> = {
  'host variables that are missing, empty or not text': async () => {
    vi.stubEnv('EMPTY', '');
    vi.stubEnv('BYTES', 'a\ufffdb');
    const env = ['env:', '  A: ${MISSING}', '  B: ${EMPTY}', '  C: ${BYTES}'];
    const egress = [
      'egress:',
      '  routes:',
      '    - host: a.example',
      '      auth: {scheme: Bearer, token_ref: MISSING}',
    ];
    await given(bottle(...env, ...egress));
    return check(home.path, 'dev');
  },
  'a prompt without a terminal': async () => {
    await given(bottle('env:', '  PIN: ?What is the PIN'));
    return check(home.path, 'dev', hostWith({ hasTerminal: false }));
  },
  'no KVM, no engine, a full disk': async () => {
    await given(bottle());
    await smolvmOf(home.path, 'smolvm 1.0.0');
    const kvm = () => checkKvm(path.join(home.path, 'dev/kvm'), 'linux');
    return check(
      home.path,
      'dev',
      hostWith({ kvm, engine: missingEngine, freeBytes: async () => 8 * 1024 ** 2 }),
    );
  },
  'all aliases taken': async () => {
    await given(bottle());
    const usedAliases = async () =>
      new Set(Array.from({ length: 16 }, (_, index) => `127.0.0.${16 + index}`));
    return check(home.path, 'dev', hostWith({ usedAliases }));
  },
  'pipelock without its image': async () => {
    await given(bottle('egress:', '  pipelock: true'));
    return check(home.path, 'dev');
  },
  'a missing skill, key and Dockerfile': async () => {
    const repo = (name: string, key: string) =>
      `    ${name}: {url: "ssh://git@git.example:2222/${name}", host_key: ssh-ed25519 AAAA, key: ${key}}`;
    const lines = [...['git-gate:', '  repos:', repo('kit', '{provider: static, path: ~/.ssh/kit}')]];
    await given(
      bottle(...lines).replace('~/Dockerfile', '~/Dockrfile'),
      '---\nbottle: dev\nskills: [review]\n---\n',
    );
    return check(home.path, 'dev');
  },
  'keys that the gate cannot use, and hosts that are not pinned': async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const plain = privateKey.export({ type: 'pkcs8', format: 'pem' });
    const cipher = { cipher: 'aes-256-cbc', passphrase: 'x' } as const;
    await writeFiles(home.path, {
      'keys/kit.pub': 'ssh-ed25519 AAAA me',
      'keys/locked': String(privateKey.export({ type: 'pkcs8', format: 'pem', ...cipher })),
      'keys/good': String(plain),
      'keys/folder/file': '',
    });
    const repo = (key: string, port = '') =>
      `    ${key.replace('.', '-')}: {url: "ssh://git@git.example${port}/a", key: {provider: static, path: ~/keys/${key}}}`;
    const pinned = (key: string) => repo(key).replace('key:', 'host_key: ssh-ed25519 AAAA, key:');
    const repos = [
      pinned('kit.pub'),
      pinned('locked'),
      pinned('folder'),
      repo('good', ':2222'),
      repo('good'),
    ];
    const [, , , , last = ''] = repos;
    repos[4] = last.replace('good:', 'again:');
    await given(bottle('git-gate:', '  repos:', ...repos));
    return check(home.path, 'dev');
  },
  'deploy keys of repositories that no forge has, without a token': async () => {
    const repo = (name: string, at: string, provider: string) =>
      `    ${name}: {url: "ssh://git@git.example${at}", host_key: ssh-ed25519 AAAA, key: {provider: ${provider}, token_ref: FORGE_TOKEN}}`;
    const repos = [
      ...[repo('a', '/a.git', 'gitea'), repo('b', '/srv/git/b.git', 'github')],
      ...[repo('c', '/srv/git/c.git', 'gitlab'), repo('d', '/srv/../d', 'gitlab')],
    ];
    await given(bottle('git-gate:', '  repos:', ...repos));
    return check(home.path, 'dev');
  },
  'an invalid smolvm and an invalid manifest': async () => {
    await given('---\nenvv: {}\n---\n');
    await smolvmOf(home.path, 'hello');
    return check(home.path, 'dev');
  },
  'an unknown provider': async () => {
    await given('---\nagent_provider: {template: codx}\n---\n');
    return check(home.path, 'dev');
  },
};

it('messages about launch problems match the golden file', async () => {
  const sections: string[] = [];
  for (const [title, look] of Object.entries(GOLDEN)) {
    vi.stubEnv('SMOLVM', FAKE);
    sections.push(`## ${title}\n\n${said(await look())}\n`);
  }
  await expect(sections.join('\n')).toMatchFileSnapshot('golden/problems.txt');
});

describe('preflight', () => {
  it('preflight finds no problems in a valid setup and resolves everything for a plan', async () => {
    vi.stubEnv('T', 'secret-value');
    await given(bottle('env: {A: b, C: "${T}", D: "?"}'));
    const checked = await check(home.path, 'dev');
    expect(said(checked)).toBe('nothing');
    const resolved = resolvedOf(checked);
    const plan = resolved && resolvePlan(resolved);
    expect(plan?.environment).toEqual({
      literals: { A: 'b' },
      forwarded: { C: 'T', D: 'BOT_BOTTLE_PROMPTED_D' },
      files: {},
      prompted: { D: '' },
    });
    expect(JSON.stringify(plan)).not.toContain('secret-value');
  });

  it('problems of the manifest come before those of the machine', async () => {
    await given('---\nenvv: {}\n---\n');
    const { problems } = await check(home.path, 'dev', hostWith({ engine: missingEngine }));
    expect(problems.map(({ exitCode }) => exitCode)).toEqual([65, 69]);
  });

  it('preflight only checks KVM when guests are real microVMs', async () => {
    const kvm = vi.fn(async () => {});
    await given(bottle());
    await check(home.path, 'dev', hostWith({ kvm }));
    expect(kvm).not.toHaveBeenCalled();
    await smolvmOf(home.path, 'smolvm 1.0.0');
    await check(home.path, 'dev', hostWith({ kvm }));
    expect(kvm).toHaveBeenCalledOnce();
  });

  it('preflight does not check aliases while the engine is not running', async () => {
    const usedAliases = vi.fn(async () => new Set<string>());
    await given(bottle());
    const checked = await check(home.path, 'dev', hostWith({ engine: async () => 'startable', usedAliases }));
    expect(said(checked)).toBe('nothing');
    expect(usedAliases).not.toHaveBeenCalled();
  });

  it('preflight only checks the pipelock image, default or named, when pipelock is enabled', async () => {
    const imageId = vi.fn(async () => 'sha256:1');
    await given(bottle());
    await check(home.path, 'dev', hostWith({ imageId }));
    expect(imageId).not.toHaveBeenCalled();
    vi.stubEnv('BOT_BOTTLE_PIPELOCK_IMAGE', 'pipelock:mine');
    await given(bottle('egress: {pipelock: true}'));
    const checked = await check(home.path, 'dev', hostWith({ imageId }));
    expect(said(checked)).toBe('nothing');
    expect(imageId).toHaveBeenCalledExactlyOnceWith('pipelock:mine');
    const resolved = resolvedOf(checked);
    expect(resolved && resolvePlan(resolved).daemons).toEqual([
      'selftest',
      'egress',
      'supervise',
      'pipelock',
    ]);
  });

  it('preflight ignores the bottle’s own alias when it is prepared again', async () => {
    const usedAliases = vi.fn(async () => new Set<string>());
    await given(bottle());
    await check(home.path, 'dev', hostWith({ usedAliases }));
    expect(usedAliases).toHaveBeenCalledWith('bot-bottle-bundle-dev-00000');
  });

  it('an exported answer replaces a prompt without a terminal', async () => {
    vi.stubEnv('BOT_BOTTLE_PROMPTED_PIN', '1234');
    await given(bottle('env: {PIN: "?"}'));
    expect(said(await check(home.path, 'dev', hostWith({ hasTerminal: false })))).toBe('nothing');
  });

  it('preflight checks a sign-in that will be forwarded', async () => {
    vi.stubEnv('CODEX_HOME', path.join(home.path, 'codex'));
    await given('---\nagent_provider: {template: codex, forward_host_credentials: true}\n---\n');
    const { problems } = await check(home.path, 'dev');
    expect(problems.map(({ code }) => code)).toEqual(['credentials-unusable']);
  });
});

describe('checkKvm', () => {
  const refused = async (_path: unknown, mode?: number) => {
    if (mode !== 0) throw new Error('EACCES');
  };

  it.each([
    ['is missing', async () => Promise.reject(new Error('ENOENT')), /is missing/, /modprobe/],
    ['is not accessible to this user', refused, /cannot use it/, /group `kvm`/],
  ])('/dev/kvm that %s is reported with a remedy', async (_title, access, message, hint) => {
    const thrown: unknown = await checkKvm('/dev/kvm', 'linux', access).catch((error: unknown) => error);
    expect(thrown).toMatchObject({
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });

  it('/dev/kvm is only checked on Linux', async () => {
    await expect(checkKvm('/nowhere', 'darwin')).resolves.toBeUndefined();
  });
});
