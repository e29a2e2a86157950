#!/usr/bin/env node
// Runs a command while no other process holds a lock: `node scripts/with-lock.ts LOCK-FILE PROGRAM
// [ARGUMENT...]`. setup.sh uses it before npm packages are installed, so it must not import any.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { childEnvironment } from '../lib/host/child-environment.ts';
import { withLock } from '../lib/host/lock.ts';

const [path, program, ...args] = process.argv.slice(2);
if (path === undefined || program === undefined) {
  console.error('usage: node scripts/with-lock.ts LOCK-FILE PROGRAM [ARGUMENT...]');
  process.exit(2);
}

process.exitCode = await withLock(
  path,
  async () => {
    // The terminal also sends Ctrl-C to the program: this process ends after it.
    for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
    // Scripts of packages run in it.
    const child = spawn(program, args, { stdio: 'inherit', env: childEnvironment('kit') });
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    const [code, signal]: [number | null, NodeJS.Signals | null] = await once(child, 'exit').then(
      ([exitCode, killedBy]) => [exitCode, killedBy],
    );
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  },
  { onWait: () => console.error('waiting for another run of the kit at the same step') },
);
