// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the manifest’s own spelling
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

/** Everything that people read when a launch cannot be; `vitest -u` rewrites it. */
const GOLDEN: Readonly<Record<string, () => Promise<Checked>>> = {
  'variables of the host that are missing, empty, or no text': async () => {
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
  'a question, and nobody to ask': async () => {
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
  'a skill and a key that are not on the host, things not supported, and no Dockerfile': async () => {
    const repo =
      'git-gate: {repos: {kit: {url: "ssh://git@git.example:2222/kit", key: {provider: static, path: ~/.ssh/kit}}}}';
    await given(
      bottle(repo).replace('~/Dockerfile', '~/Dockrfile'),
      '---\nbottle: dev\nskills: [review]\n---\n',
    );
    return check(home.path, 'dev');
  },
  'a smolvm that is none, and a manifest that cannot be read': async () => {
    await given('---\nenvv: {}\n---\n');
    await smolvmOf(home.path, 'hello');
    return check(home.path, 'dev');
  },
  'a provider that nobody has': async () => {
    await given('---\nagent_provider: {template: codx}\n---\n');
    return check(home.path, 'dev');
  },
};

it('says what stands in the way in words that were approved', async () => {
  const sections: string[] = [];
  for (const [title, look] of Object.entries(GOLDEN)) {
    vi.stubEnv('SMOLVM', FAKE);
    sections.push(`## ${title}\n\n${said(await look())}\n`);
  }
  await expect(sections.join('\n')).toMatchFileSnapshot('golden/problems.txt');
});

describe('preflight', () => {
  it('finds nothing wrong where nothing is, and gives all that a plan is made of', async () => {
    vi.stubEnv('T', 'secret-value');
    await given(bottle('env: {A: b, C: "${T}", D: "?"}'));
    const checked = await check(home.path, 'dev');
    expect(said(checked)).toBe('nothing');
    const resolved = resolvedOf(checked);
    const plan = resolved && resolvePlan(resolved);
    expect(plan?.environment).toEqual({
      literals: { A: 'b' },
      forwarded: { C: 'T', D: 'BOT_BOTTLE_PROMPTED_D' },
      prompted: { D: '' },
    });
    expect(JSON.stringify(plan)).not.toContain('secret-value');
  });

  it('ends with the exit code of what is most basic: the manifest before the machine', async () => {
    await given('---\nenvv: {}\n---\n');
    const { problems } = await check(home.path, 'dev', hostWith({ engine: missingEngine }));
    expect(problems.map(({ exitCode }) => exitCode)).toEqual([65, 69]);
  });

  it('asks for KVM only where guests are real microVMs', async () => {
    const kvm = vi.fn(async () => {});
    await given(bottle());
    await check(home.path, 'dev', hostWith({ kvm }));
    expect(kvm).not.toHaveBeenCalled();
    await smolvmOf(home.path, 'smolvm 1.0.0');
    await check(home.path, 'dev', hostWith({ kvm }));
    expect(kvm).toHaveBeenCalledOnce();
  });

  it('counts no aliases with an engine that is still to be started', async () => {
    const usedAliases = vi.fn(async () => new Set<string>());
    await given(bottle());
    const checked = await check(home.path, 'dev', hostWith({ engine: async () => 'startable', usedAliases }));
    expect(said(checked)).toBe('nothing');
    expect(usedAliases).not.toHaveBeenCalled();
  });

  it('looks for pipelock’s image only where it is asked for, and takes the one that is named', async () => {
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
    expect(resolved && resolvePlan(resolved).daemons).toEqual(['selftest', 'egress', 'pipelock']);
  });

  it('does not count the alias that the bottle has already, when it is prepared again', async () => {
    const usedAliases = vi.fn(async () => new Set<string>());
    await given(bottle());
    await check(home.path, 'dev', hostWith({ usedAliases }));
    expect(usedAliases).toHaveBeenCalledWith('bot-bottle-bundle-dev-00000');
  });

  it('takes an answer that was handed over in place of a terminal', async () => {
    vi.stubEnv('BOT_BOTTLE_PROMPTED_PIN', '1234');
    await given(bottle('env: {PIN: "?"}'));
    expect(said(await check(home.path, 'dev', hostWith({ hasTerminal: false })))).toBe('nothing');
  });

  it('checks a sign-in that is to be forwarded', async () => {
    vi.stubEnv('CODEX_HOME', path.join(home.path, 'codex'));
    await given('---\nagent_provider: {template: codex, forward_host_credentials: true}\n---\n');
    const { problems } = await check(home.path, 'dev');
    expect(problems.map(({ code }) => code)).toEqual(['manifest-invalid', 'credentials-unusable']);
  });
});

describe('/dev/kvm', () => {
  const refused = async (_path: unknown, mode?: number) => {
    if (mode !== 0) throw new Error('EACCES');
  };

  it.each([
    ['is missing', async () => Promise.reject(new Error('ENOENT')), /is missing/, /modprobe/],
    ['is there for others', refused, /may not use it/, /group `kvm`/],
  ])('that %s: says so, and what to do', async (_title, access, message, hint) => {
    const thrown: unknown = await checkKvm('/dev/kvm', 'linux', access).catch((error: unknown) => error);
    expect(thrown).toMatchObject({
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });

  it('is not looked at on other systems', async () => {
    await expect(checkKvm('/nowhere', 'darwin')).resolves.toBeUndefined();
  });
});
