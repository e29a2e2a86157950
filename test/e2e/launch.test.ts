import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa, execaSync } from 'execa';
import { describe, expect, it } from 'vitest';
import { engineHolds, FAKE_SMOLVM, KIT, useSandboxes } from '../support/kit.ts';
import { SeenEnvironments } from '../support/seen-environments.ts';

const sandbox = useSandboxes();

describe('make launch', () => {
  it('without smolvm, only the demo runs, on the fake, with a warning, and leaves nothing behind', async () => {
    const user = sandbox();
    await user.writeAgent('real', ['true']);
    const refused = await user.run('launch', ['--agent', 'real'], { SMOLVM: undefined });
    expect(refused.exitCode).toBe(69);
    expect(refused.stderr).toMatch(/`smolvm` is not on the PATH[\s\S]*Install smolvm/);
    expect(await user.bottles()).toEqual([]);
    const { exitCode, stdout, stderr } = await user.run('launch', ['--agent', 'demo'], { SMOLVM: undefined });
    expect(exitCode, stderr).toBe(0);
    expect(stderr.match(/not a security boundary/g)).toHaveLength(1);
    expect(stdout).toContain('20 of 20 as they should be');
    expect(stderr).toMatch(/may reach 127\.0\.0\.\d+\/32/);
    expect(stderr).toContain('nothing is left');
    expect(await engineHolds()).toEqual([]);
    expect(await user.machines()).toEqual([]);
    expect(await user.bottles()).toEqual([]);
  });

  it('launch exits with the agent’s exit code and keeps the state, so that it can continue', async () => {
    const user = sandbox();
    await user.writeAgent('seven', ['sh', '-c', 'tty; echo err >&2; exit 7']);
    const launched = await user.run('launch', ['--agent', 'seven']);
    expect(launched.exitCode, launched.stderr).toBe(7);
    expect(launched.stdout).toBe('not a tty\n');
    expect(launched.stderr).toContain('err\n');
    expect(await engineHolds()).toEqual([]);
    const [slug = ''] = await user.bottles();
    expect(launched.stderr).toContain(`make resume BOTTLE=${slug}`);
    expect((await user.run('up', ['--bottle', slug])).exitCode).toBe(0);
    expect((await user.run('attach', ['--bottle', slug])).exitCode).toBe(7);
    expect((await user.run('teardown', ['--bottle', slug, '--keep-state'])).exitCode).toBe(0);
    expect(await user.bottles()).toEqual([slug]);
    expect(await engineHolds()).toEqual([]);
    expect((await user.run('teardown', ['--bottle', slug])).exitCode).toBe(0);
    expect(await user.bottles()).toEqual([]);
  });

  it('the agent gets its prompt, literals, forwarded variables and answers unchanged', async () => {
    const user = sandbox();
    const show =
      'printf "%s|" "$GREETING" "$FORWARDED" "$PIN"; cat "$BOT_BOTTLE_PROMPT_FILE"; stat -c %a:%U "$BOT_BOTTLE_PROMPT_FILE"';
    await user.writeAgent(
      'show',
      ['sh', '-c', show],
      `env:\n  GREETING: "it's $HOME"\n  FORWARDED: \${FROM_HOST}\n  PIN: ?What is the PIN\n`,
    );
    const value = 'two\nlines \'and\' "quotes" $(id)';
    const answer = `\t\u0007 \u{1f98a} ${value}`;
    const env = { FROM_HOST: value, BOT_BOTTLE_PROMPTED_PIN: answer };
    const { stdout, exitCode, stderr } = await user.run('launch', ['--agent', 'show'], env);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toBe(`it's $HOME|${value}|${answer}|Be good.600:node\n`);
  });

  it('secrets appear on no command line, in no file, log or record, and in no environment but where they are needed', async () => {
    const user = sandbox();
    const [forwarded, token, answer] = ['needle-forwarded-5f1c', 'needle-token-88ab', 'needle-answer-07e2'];
    const inFile = 'needle-in-file-41d9';
    const envFile = join(mkdtempSync(join(tmpdir(), 'bk-env-')), '.env');
    writeFileSync(envFile, `FROM_FILE=${inFile}\n`);
    const route =
      'egress:\n  routes:\n    - host: api.example.test\n      auth: { scheme: Bearer, token_ref: UPSTREAM }\n';
    const wait = `test "\${#SECRET}" -eq ${forwarded.length} || exit 9; test "\${#FROM_FILE}" -eq ${inFile.length} || exit 8; echo "here $((40+2))" >&2; sleep 4; exit 3`;
    await user.writeAgent('quiet', ['sh', '-c', wait], `env:\n  SECRET: \${HELD}\n  PIN: "?"\n${route}`);
    const seen = new SeenEnvironments(dirname(envFile));
    for (const program of ['docker', 'make']) seen.wrap(program);
    user.smolvm = seen.wrap('smolvm', FAKE_SMOLVM);
    const running = user.start('launch', ['--agent', 'quiet', '--dotenv', envFile], {
      PATH: seen.path(user.env.PATH),
      UNRELATED_TOKEN: 'needle-unrelated-3c90',
      HELD: forwarded,
      UPSTREAM: token,
      BOT_BOTTLE_PROMPTED_PIN: answer,
    });
    const [commandLines, phases] = [new Set<string>(), new Set<string>()];
    let slug = '';
    const watch = setInterval(() => {
      for (const line of allCommandLines()) commandLines.add(line);
      for (const call of phaseProcesses(slug)) phases.add(call);
    }, 20);
    while (slug === '') [slug = ''] = await user.bottles();
    await running.saw('here 42');
    const bundle = execFileSync('docker', ['logs', `bot-bottle-sidecars-${slug}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const inspected = execFileSync('docker', [
      'inspect',
      '--format',
      '{{.Path}} {{.Args}} {{.Config.Cmd}}',
      `bot-bottle-sidecars-${slug}`,
    ]);
    const { exitCode, stderr } = await running.finished;
    clearInterval(watch);
    expect(exitCode, stderr).toBe(3);
    const everything = [...commandLines, bundle.toString(), inspected.toString(), stderr].join('\n');
    expect(everything).not.toContain(forwarded);
    expect(everything).not.toContain(token);
    expect(everything).not.toContain(answer);
    expect(everything).not.toContain(inFile);

    const [startsBundle = [], others = []] = [true, false].map((wanted) =>
      seen.calls('docker').filter((call) => call.startsWith('docker run --detach --init') === wanted),
    );
    expect(startsBundle).toEqual([expect.stringContaining(`=${token}`)]);
    expect(phases.size).toBeGreaterThan(8);
    const [make, smolvm] = [seen.calls('make'), seen.calls('smolvm')];
    expect([others.length > 5, make.length, smolvm.length > 3]).toEqual([true, 1, true]);
    expect([...others, ...phases, ...make, ...smolvm].filter((call) => call.includes('needle-'))).toEqual([]);
    expect(startsBundle[0]).not.toMatch(/needle-(?!token)/);
    const folders = [user.root, user.env.BOT_BOTTLE_CACHE ?? ''];
    expect(
      filesWith([forwarded, token, answer, inFile], folders, join(user.home, 'bottles', 'quiet.md')),
    ).toBe('');
    expect(
      [...commandLines].some((line) => line.includes('machine create') || line.includes('machine exec')),
    ).toBe(true);
    await user.run('teardown', ['--bottle', slug]);
    rmSync(dirname(envFile), { recursive: true });
  });

  it('the agent gets a terminal of the right size when there is one', async () => {
    const user = sandbox();
    await user.writeAgent('tty', ['sh', '-c', 'stty size 2>&1; tty; echo "$TERM"; exit 4']);
    const launch = `stty cols 111 rows 33; TERM=vt100 ${process.execPath} ${join(KIT, 'scripts', 'launch.ts')} --agent tty --yes`;
    const inTerminal = await execa('script', ['--quiet', '--return', '--command', launch, '/dev/null'], {
      env: user.env,
      extendEnv: false,
      cwd: KIT,
      reject: false,
    });
    expect(inTerminal.stdout).toMatch(/33 111\r?\n\/dev\/pts\/\d+\r?\nvt100/);
    expect(inTerminal.exitCode).toBe(4);
  });

  it('scripts also run under tsx', async () => {
    const tsx = join(KIT, 'node_modules', '.bin', 'tsx');
    const output = execFileSync(tsx, [join(KIT, 'scripts', 'doctor.ts'), '--json'], { env: sandbox().env });
    expect(JSON.parse(output.toString())).toContainEqual(
      expect.objectContaining({ name: 'docker', status: 'ok' }),
    );
  });
});

function allCommandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return [];
      }
    });
}

/**
 * Lists files below the directories, changed since the file `since`, that contain one of the words. Older
 * files cannot contain them. `grep` skips the holes of sparse disks.
 */
function filesWith(words: readonly string[], directories: readonly string[], since: string): string {
  const grep = ['grep', '-lsF', ...words.flatMap((word) => ['-e', word])];
  const changed = ['-type', 'f', '-cnewer', since, '-exec', ...grep, '{}', '+'];
  return execaSync('find', [...directories, ...changed], { reject: false }).stdout;
}

/** Command line and environment of each process that runs a phase of this bottle, beneath make. */
function phaseProcesses(slug: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      if (slug === '' || !/^node \S*\/phases\/\w+\/[a-z-]+\.mjs /.test(command) || !command.includes(slug))
        return [];
      return [`${command} | ${readFileSync(`/proc/${pid}/environ`, 'utf8').replaceAll('\0', ' ')}`];
    } catch {
      return [];
    }
  });
}
