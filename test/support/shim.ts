import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Fault {
  /** Shell pattern that the call's arguments, joined by spaces, must match. */
  when: string;
  /** Printed on stderr; the exit code is 1. */
  says?: string;
  /** Fails this many times, then never again. */
  times?: number;
}

/**
 * Writes a program that wraps a real one and fails as specified, to simulate external faults without changing
 * the kit.
 * @returns the path of the program.
 */
export function faultyProgram(directory: string, name: string, real: string, fault: Fault): string {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, name);
  const counter = join(directory, `${name}.failed`);
  rmSync(counter, { force: true });
  const script = [
    '#!/bin/sh',
    `case "$*" in ${fault.when})`,
    `  failed=$(cat ${shellQuoted(counter)} 2> /dev/null || echo 0)`,
    `  if [ "$failed" -lt ${fault.times ?? 1_000} ]; then`,
    `    echo $((failed + 1)) > ${shellQuoted(counter)}`,
    `    echo ${shellQuoted(fault.says ?? 'injected fault')} >&2`,
    '    exit 1',
    '  fi ;;',
    'esac',
    `exec ${shellQuoted(real)} "$@"`,
  ];
  writeFileSync(path, `${script.join('\n')}\n`);
  chmodSync(path, 0o755);
  return path;
}

export function pathOf(program: string): string {
  return execFileSync('sh', ['-c', 'command -v "$0"', program]).toString().trim();
}

/** Quotes a text for a POSIX shell. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
