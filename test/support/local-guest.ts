import { chmod, mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bottleDirectory, bottlePaths } from '../../lib/bottle/paths.ts';
import { writeRecord } from '../../lib/bottle/records.ts';
import { writeAtomically } from '../../lib/host/files.ts';
import { planSchema } from '../../lib/plan/schema.ts';

export const SLUG = 'demo-a1b2c';

/** A bottle of claude whose guest is a folder of this host, in which commands run with the tools of this host. */
export class LocalGuest {
  readonly home: string;
  readonly #smolvm: string;
  readonly #bin: string;
  readonly #machines: string;

  constructor(directory: string) {
    this.home = join(directory, 'guest home');
    this.#smolvm = join(directory, 'smolvm');
    this.#bin = join(directory, 'guest-bin');
    this.#machines = join(directory, 'machines.json');
  }

  async start(template = 'claude', forwarded: Record<string, string> = {}): Promise<void> {
    await mkdir(this.home, { recursive: true });
    await mkdir(this.#bin, { recursive: true });
    await writeFile(this.#smolvm, this.#script());
    await chmod(this.#smolvm, 0o755);
    const metadata = { identity: SLUG, agent_name: 'demo', started_at: '2026-01-01T00:00:00.000Z' };
    await writeAtomically(bottlePaths.metadata(SLUG), JSON.stringify(metadata));
    const user = { user: 'node', name: 'node', uid: 1000, gid: 1000, home: this.home };
    const agent = { ...user, directory: this.home, environment: {}, command: ['claude'] };
    const image = { reference: 'r', id: 'i', boot: { reference: 'b', id: 'j' }, agent };
    await this.#record('prepare', this.#plan(template, forwarded));
    await this.#record('build-image', image);
    await this.#record('provision', { machine: 'm', promptFile: '/p', variables: [] });
    await this.is('running');
  }

  /** What smolvm says of the guest. */
  async is(state: 'running' | 'stopped'): Promise<void> {
    await writeFile(this.#machines, JSON.stringify([{ name: 'm', state, pid: null }]));
  }

  /** Writes a file into the home, `age` seconds old. */
  async write(path: string, content: string, age = 0): Promise<void> {
    const file = join(this.home, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    const time = Date.now() / 1000 - age;
    await utimes(file, time, time);
  }

  /** Puts a program of the agent in front of the guest's own. */
  async plant(name: string, script: string): Promise<void> {
    const file = join(this.#bin, name);
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
  }

  /** `exec … -- TOOL run-as -e FILE -d DIRECTORY USER COMMAND`, or `… -- TOOL as-root COMMAND`. */
  #script(): string {
    return [
      '#!/bin/sh',
      `if [ "$2" = ls ]; then exec cat '${this.#machines}'; fi`,
      'while [ "$1" != -- ]; do shift; done',
      'if [ "$3" = run-as ]; then shift 8; else shift 3; fi',
      `PATH='${this.#bin}':$PATH exec "$@"`,
    ].join('\n');
  }

  async #record(phase: string, data: unknown): Promise<void> {
    await writeRecord(SLUG, { phase, at: '2026-01-01T00:00:00.000Z', durationMs: 1, inputs: {}, data });
  }

  #plan(template: string, forwarded: Record<string, string>) {
    return planSchema.parse({
      slug: SLUG,
      agent: { name: 'demo', file: '/demo.md', origin: 'home' },
      skills: [],
      bottle: { name: 'demo', file: '/bottle.md' },
      smolvm: { path: this.#smolvm, version: [1, 9, 3], tier: 'socket', fake: true },
      names: { machine: 'm', network: 'n', bundle: 'b' },
      image: { kind: 'reference', reference: 'demo' },
      handoff: 'archive',
      provider: { template, command: [], mcpServers: {} },
      hasPrompt: false,
      environment: { literals: {}, forwarded, prompted: {} },
      git: [],
      egress: { routes: [], log: 0, learn: false, tokens: {} },
      daemons: ['selftest', 'egress'],
    });
  }
}

/** A path in the bottle's state. */
export const inState = (...path: string[]): string => join(bottleDirectory(SLUG), ...path);
