import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa, type Options } from 'execa';
import { removeTree } from '../remove-tree.ts';

/** The program that a value of SMOLVM names; a name without a slash is looked up on the PATH. */
export function programOf(value: string | undefined): string {
  const program = value ?? 'smolvm-fakes/bin/smolvm-0.8.0';
  return program.includes('/') ? resolve(program) : program;
}

/** The program under test. */
export const SMOLVM = programOf(process.env.SMOLVM);

/** Whether the program is a fake that an ordinary user runs, which adds nothing to the host's network. */
export const IS_ROOTLESS = SMOLVM.includes('smolvm-fakes/') && process.getuid?.() !== 0;

/** Settings that tell a real smolvm where its parts are. SMOLVM itself belongs to the tests. */
const SETTINGS = Object.fromEntries(
  Object.entries(process.env).filter(([key]) => key.startsWith('SMOLVM_') && key !== 'SMOLVM_FAKE_FAULTS'),
);

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** One user of smolvm, with its own home and none of our environment except PATH and SMOLVM settings. */
export class Home implements AsyncDisposable {
  readonly path = mkdtempSync(join(tmpdir(), 'sv-'));
  readonly program: string;
  readonly env = {
    ...SETTINGS,
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: this.path,
    XDG_DATA_HOME: join(this.path, 'd'),
    XDG_CACHE_HOME: join(this.path, 'c'),
  };

  readonly database = join(this.path, 'd/smolvm/server/smolvm.db');

  constructor(program = SMOLVM) {
    this.program = program;
  }

  start(args: readonly string[], options: Options = {}) {
    return execa(this.program, [...args], {
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

  /** Runs a command that must succeed. @returns its stdout. */
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
    removeTree(this.path);
  }
}
