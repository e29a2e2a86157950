import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa, type Options } from 'execa';

/** The program under test. */
export const SMOLVM = resolve(process.env.SMOLVM ?? 'smolvm-fakes/bin/smolvm-0.8.0');

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** One user of smolvm: a home of its own, and nothing of ours in its environment. */
export class Home implements AsyncDisposable {
  readonly path = mkdtempSync(join(tmpdir(), 'sv-'));
  readonly env = {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: this.path,
    XDG_DATA_HOME: join(this.path, 'd'),
    XDG_CACHE_HOME: join(this.path, 'c'),
  };

  readonly database = join(this.path, 'd/smolvm/server/smolvm.db');

  start(args: readonly string[], options: Options = {}) {
    return execa(SMOLVM, [...args], {
      env: this.env,
      extendEnv: false,
      reject: false,
      ...(options.input === undefined && options.stdin === undefined ? { stdin: 'ignore' } : {}),
      stripFinalNewline: false,
      cwd: this.path,
      ...options,
    });
  }

  async run(args: readonly string[], options: Options = {}): Promise<Outcome> {
    const { exitCode, stdout, stderr } = await this.start(args, options);
    return { code: exitCode ?? -1, stdout: String(stdout), stderr: String(stderr) };
  }

  /** Runs what has to succeed. @returns its stdout. */
  async ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(args);
    if (code !== 0) throw new Error(`smolvm ${args.join(' ')}: exit ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  exec(machine: string, ...command: string[]): Promise<Outcome> {
    return this.run(['machine', 'exec', '--name', machine, '--', ...command]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const listed = await this.run(['machine', 'ls', '--json']);
    const machines =
      listed.code === 0 ? (JSON.parse(listed.stdout) as { name: string; state: string }[]) : [];
    for (const { name, state } of machines) {
      if (state === 'running' || state === 'unreachable') await this.run(['machine', 'stop', '-n', name]);
    }
    rmSync(this.path, { recursive: true, force: true });
  }
}
