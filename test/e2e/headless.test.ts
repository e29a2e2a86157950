import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { KIT, useSandboxes } from '../support/kit.ts';

const sandbox = useSandboxes();

describe('a launch with a prompt', () => {
  it('the prompt is the agent’s input, its output is all there is on standard output, and its exit code is the launch’s', async () => {
    const user = sandbox();
    await user.writeAgent('echo', ['sh', '-c', 'cat; exit 3']);
    const { exitCode, stdout, stderr } = await user.run('launch', [
      '--agent',
      'echo',
      '--prompt',
      "it's $HOME",
    ]);
    expect([exitCode, stdout], stderr).toEqual([3, "it's $HOME"]);
    const [slug = ''] = await user.bottles();
    await user.run('teardown', ['--bottle', slug]);
  });

  it('`make launch PROMPT_FILE=-` reads it from standard input', async () => {
    const user = sandbox();
    await user.writeAgent('echo', ['cat']);
    const make = await execa('make', ['-s', '-C', KIT, 'launch', 'AGENT=echo', 'PROMPT_FILE=-'], {
      ...{ env: user.env, extendEnv: false, reject: false },
      input: 'from\nthe pipe\n',
    });
    expect([make.exitCode, make.stdout], make.stderr).toEqual([0, 'from\nthe pipe']);
  });

  it('an agent that takes too long is stopped, with exit code 124', async () => {
    const user = sandbox();
    await user.writeAgent('slow', ['sleep', '300']);
    const started = Date.now();
    const { exitCode } = await user.run('launch', ['--agent', 'slow', '--prompt', 'x', '--timeout', '2s']);
    expect(exitCode).toBe(124);
    expect(Date.now() - started).toBeLessThan(120_000);
    const [slug = ''] = await user.bottles();
    await user.run('teardown', ['--bottle', slug]);
  });

  it.each([
    [['--prompt', ' '], 'the prompt is empty'],
    [['--prompt', 'x', '--prompt-file', 'y'], 'both a prompt and a file'],
    [['--prompt-file', '/nowhere/prompt.txt'], 'the prompt cannot be read'],
    [['--format', 'json'], 'a format was given without a prompt'],
    [['--prompt', 'x', '--format', 'xml'], "the format 'xml' is unknown"],
    [['--prompt', 'x', '--timeout', '5 minutes'], "'5 minutes' is not a time"],
  ])('%j is refused before anything is created', async (flags, message) => {
    const user = sandbox();
    await user.writeAgent('echo', ['cat']);
    const { exitCode, stderr } = await user.run('launch', ['--agent', 'echo', ...flags]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(await user.bottles()).toEqual([]);
  });
});
