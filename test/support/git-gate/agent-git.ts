import { dirname } from 'node:path';
import { execa } from 'execa';

export interface GitRun {
  readonly code: number;
  /** What both outputs said. */
  readonly said: string;
  readonly stdout: string;
}

/** Runs git as an agent would, without anything of this machine's configuration. Never throws for its failure. */
export function git(cwd: string, ...args: string[]): Promise<GitRun> {
  return gitWith({}, cwd, ...args);
}

/** Like `git`, with more variables. */
export async function gitWith(
  env: Readonly<Record<string, string>>,
  cwd: string,
  ...args: string[]
): Promise<GitRun> {
  const { exitCode, stdout, stderr } = await execa('git', args, {
    cwd,
    reject: false,
    extendEnv: false,
    timeout: 20_000,
    env: {
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      HOME: '/nonexistent',
      LC_ALL: 'C',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      GIT_AUTHOR_NAME: 'Agent',
      GIT_AUTHOR_EMAIL: 'agent@example.test',
      GIT_COMMITTER_NAME: 'Agent',
      GIT_COMMITTER_EMAIL: 'agent@example.test',
      ...env,
    },
  });
  return { code: exitCode ?? -1, said: `${stdout}\n${stderr}`, stdout: stdout.trim() };
}

/** Runs git and returns what it printed. @throws Error when it fails */
export async function gitOk(cwd: string, ...args: string[]): Promise<string> {
  const { code, said, stdout } = await git(cwd, ...args);
  if (code !== 0) throw new Error(`git ${args.join(' ')}: ${said}`);
  return stdout;
}
