import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Bottle } from '../../../lib/guest/bottle.ts';

/** Runs the commands for a guest on this host, with a home of its own. */
export class LocalGuest implements Pick<Bottle, 'slug' | 'execAsAgent' | 'pipeAsAgent'> {
  readonly slug = 'demo-a1b2c';
  readonly home = mkdtempSync(join(tmpdir(), 'bk-guest-'));
  readonly directory = join(this.home, 'workspace');
  readonly env = {
    HOME: this.home,
    PATH: process.env.PATH,
    GIT_CONFIG_NOSYSTEM: '1',
    LANG: 'C.UTF-8',
  };

  constructor() {
    mkdirSync(this.directory);
  }

  execAsAgent: Bottle['execAsAgent'] = async ([program = '', ...args], { input } = {}) => {
    const options = { env: this.env, extendEnv: false, reject: false, cwd: this.home } as const;
    const { exitCode = 1, stdout, stderr } = await execa(program, args, { ...options, input: input ?? '' });
    return { exitCode, stdout, stderr };
  };

  pipeAsAgent: Bottle['pipeAsAgent'] = async ([program = '', ...args], { input, output, signal }) => {
    const { exitCode = 1, stderr } = await execa(program, args, {
      ...{ env: this.env, extendEnv: false, reject: false, cwd: this.home, buffer: { stdout: false } },
      stdin: input === undefined ? 'ignore' : [input, 'pipe'],
      stdout: output === undefined ? 'ignore' : [output, 'pipe'],
      ...(signal === undefined ? {} : { cancelSignal: signal }),
    });
    return { exitCode, stderr };
  };

  /** Runs a shell script in the copy. @returns its output. */
  async sh(script: string): Promise<string> {
    const { stdout } = await execa('sh', ['-ec', script], {
      env: this.env,
      extendEnv: false,
      cwd: this.directory,
    });
    return stdout;
  }
}
