import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathOf } from './shim.ts';

/** Wraps programs, so that a test knows with what arguments and environment each of them was started. Linux only. */
export class SeenEnvironments {
  readonly #directory: string;
  readonly #log: string;

  constructor(directory: string) {
    this.#directory = directory;
    this.#log = join(directory, 'seen');
    mkdirSync(directory, { recursive: true });
    writeFileSync(this.#log, '');
  }

  /** Returns the path of a program that notes how it was started, then runs `real`. */
  wrap(name: string, real = pathOf(name)): string {
    const path = join(this.#directory, name);
    const script = [
      '#!/bin/sh',
      `seen=$(echo '${name}' "$@" "|"; tr '\\0' ' ' < /proc/$$/environ)`,
      `printf '%s\\n' "$seen" | tr '\\n' ' ' | sed 's/$/\\n/' >> '${this.#log}'`,
      `exec '${real}' "$@"`,
    ];
    writeFileSync(path, `${script.join('\n')}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  /** A PATH that leads to the wrapped programs first. */
  path(rest: string | undefined): string {
    return [this.#directory, rest ?? ''].join(delimiter);
  }

  /** Returns a line for each call: name, arguments, ` | `, environment. */
  calls(program: string): string[] {
    const lines = readFileSync(this.#log, 'utf8').split('\n');
    return lines.filter((line) => line.startsWith(`${program} `));
  }
}
