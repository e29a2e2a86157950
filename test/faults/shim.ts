import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shellQuoted } from '../support/shim.ts';

/** What a call meets. `lost` does its work and reports a failure; the others do nothing, but for `slow`. */
export const FAULTS = ['fail', 'lost', 'die', 'hang', 'slow', 'full'] as const;
export type Fault = (typeof FAULTS)[number];

/** Seconds by which a slow call is late. */
export const SLOW_S = 3;

/** Which call, of those that match, meets the fault. */
export interface Target {
  /** Shell pattern of `SCRIPT PROGRAM ARGUMENTS`, such as `start-bundle docker run *`. */
  readonly when: string;
  /** The first is 1; every one from this one on with `onwards`. */
  readonly nth: number;
  readonly onwards?: boolean;
}

export interface ShimOptions {
  /** Where calls are written down, and what has met its fault. */
  readonly directory: string;
  readonly programs: { readonly docker: string; readonly smolvm: string };
  readonly target?: Target;
  /** Shell commands that the call runs in place of, or before, its own work. */
  readonly action?: string;
}

const ACTIONS: Readonly<Record<Fault, string>> = {
  fail: 'echo "injected fault" >&2; exit 1',
  lost: '"$real" "$@" > /dev/null 2>&1 < /dev/null; echo "injected fault" >&2; exit 1',
  die: 'kill -9 $$',
  hang: 'exec sleep 100000',
  slow: `sleep ${SLOW_S}`,
  full: 'echo "write /somewhere: no space left on device" >&2; exit 1',
};

export function actionOf(fault: Fault): string {
  return ACTIONS[fault];
}

/**
 * Writes programs named docker and smolvm that write each call down, as `SCRIPT PROGRAM ARGUMENTS` with the script of the kit
 * that makes it, and then run the real one, but for the call that meets the fault. They need nothing of the environment.
 * @returns their paths.
 */
export function writeShims({ directory, programs, target, action = '' }: ShimOptions) {
  mkdirSync(join(directory, 'met'), { recursive: true });
  const write = (name: 'docker' | 'smolvm') => {
    const path = join(directory, name);
    writeFileSync(path, `${script(name, { directory, programs, ...(target && { target }), action })}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  return { docker: write('docker'), smolvm: write('smolvm') };
}

function script(name: 'docker' | 'smolvm', { directory, programs, target, action }: ShimOptions): string {
  const lines = [
    '#!/bin/sh',
    `directory=${shellQuoted(directory)}`,
    `real=${shellQuoted(programs[name])}`,
    `parent=$(tr '\\0' ' ' < "/proc/$PPID/cmdline")`,
    'case "$parent" in',
    `*.kit/phases/*.mjs*) script=\${parent#*.kit/phases/*/}; script=\${script%%.mjs*} ;;`,
    `*scripts/*.ts*) script=\${parent#*scripts/}; script=\${script%%.ts*} ;;`,
    '*) script=other ;;',
    'esac',
    // The name of each bottle is another one; a line a call.
    `call=$(printf '%s' "$script ${name} $*" | tr '\\n' ' ')`,
    `printf '%s\\n' "$call" >> "$directory/calls"`,
  ];
  if (target === undefined) return [...lines, 'exec "$real" "$@"'].join('\n');
  const isHit = target.onwards ? `[ "$n" -ge ${target.nth} ]` : `[ "$n" -eq ${target.nth} ]`;
  return [
    ...lines,
    `case "$call" in ${target.when})`,
    '  n=1',
    '  until mkdir "$directory/met/$n" 2> /dev/null; do n=$((n + 1)); done',
    `  if ${isHit}; then`,
    // Told before its work, so that whoever waits for it sees a call that is under way.
    '    : > "$directory/hit"',
    `    ${action}`,
    '  fi ;;',
    'esac',
    'exec "$real" "$@"',
  ].join('\n');
}
