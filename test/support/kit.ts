import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll } from 'vitest';
import { HOME_LABEL, homeLabel } from '../../lib/docker/labels.ts';
import { removeTree } from './remove-tree.ts';

export const KIT = join(import.meta.dirname, '..', '..');
export const DEMO_DOCKERFILE = join(KIT, 'fixtures', 'agents', 'demo', 'Dockerfile');
export const FAKE_SMOLVM = join(KIT, 'smolvm-fakes', 'bin', 'smolvm-0.8.0');

/** Whether to test on more fakes than show what differs, as `make test-contract` and `make test-e2e` do. */
export const ON_ALL_FAKES = process.env.BOT_BOTTLE_TEST_ALL_FAKES === '1';

/** The homes of this file's sandboxes, as labels. */
const homes = new Set<string>();

export interface Finished {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  finished: Promise<Finished>;
  /** Resolves when stderr contains the text; rejects when the run ends first. */
  saw(text: string): Promise<void>;
}

/** A simulated user with their own home, cache and environment. */
export class Sandbox {
  readonly root = mkdtempSync(join(tmpdir(), 'bk-'));
  readonly home: string;
  readonly env: Record<string, string>;

  /**
   * `cache` may be shared between sandboxes, so that each image is packed and unpacked only once. `home` is the name of the
   * kit's home.
   */
  constructor(cache?: string, home = 'home') {
    this.home = join(this.root, home);
    homes.add(homeLabel(this.home));
    if (cache !== undefined) shareUnpacked(this.root, cache);
    this.env = {
      PATH: [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter),
      HOME: this.root,
      TMPDIR: tmpdir(),
      BOT_BOTTLE_HOME: this.home,
      BOT_BOTTLE_CACHE: cache ?? join(this.root, 'cache'),
      SMOLVM: FAKE_SMOLVM,
      NO_COLOR: '1',
      NODE_COMPILE_CACHE: join(KIT, 'node_modules', '.kit', 'compile-cache'),
      ...(process.env.NODE_EXTRA_CA_CERTS ? { NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS } : {}),
    };
  }

  set smolvm(path: string) {
    this.env.SMOLVM = path;
  }

  get smolvm(): string {
    return this.env.SMOLVM ?? FAKE_SMOLVM;
  }

  /** Starts a script of the kit in its own process group, as a terminal does. */
  start(script: string, args: readonly string[] = [], env: Record<string, string | undefined> = {}): Running {
    const merged = Object.entries({ ...this.env, ...env }).filter(([, value]) => value !== undefined);
    const child = spawn(process.execPath, [join(KIT, 'scripts', `${script}.ts`), ...args], {
      cwd: KIT,
      env: Object.fromEntries(merged),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let [stdout, stderr] = ['', ''];
    const watchers = new Set<() => void>();
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      for (const look of watchers) look();
    });
    const finished = new Promise<Finished>((resolve) => {
      child.on('close', (code, signal) => {
        resolve({ exitCode: code ?? (signal === null ? 1 : -1), stdout, stderr });
      });
    });
    const saw = (text: string) =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (!stderr.includes(text)) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
        void finished.then(() =>
          reject(new Error(`ended without printing '${text}':\n${stderr}\n${stdout}`)),
        );
      });
    return { child, finished, saw };
  }

  run(
    script: string,
    args: readonly string[] = [],
    env: Record<string, string | undefined> = {},
  ): Promise<Finished> {
    return this.start(script, args, env).finished;
  }

  async writeManifest(kind: 'agents' | 'bottles', name: string, text: string): Promise<string> {
    const path = join(this.home, kind, `${name}.md`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    return path;
  }

  /**
   * Writes an agent that runs `command`, by default in the demo's image; `extra` is more of its bottle's
   * YAML.
   */
  async writeAgent(
    name: string,
    command: readonly string[],
    extra = '',
    dockerfile = DEMO_DOCKERFILE,
  ): Promise<void> {
    const provider = `agent_provider:\n  template: command\n  dockerfile: ${dockerfile}\n  command: ${JSON.stringify(command)}\n`;
    await this.writeManifest('bottles', name, `---\n${provider}${extra}---\n`);
    await this.writeManifest('agents', name, `---\nbottle: ${name}\n---\nBe good.\n`);
  }

  /** Returns the slugs of bottles that have state. */
  async bottles(): Promise<string[]> {
    return (await readdir(join(this.home, 'state')).catch(() => [])).toSorted();
  }

  async machines(): Promise<string[]> {
    const { stdout } = await execa(this.smolvm, ['machine', 'ls', '--json'], {
      env: this.env,
      extendEnv: false,
    });
    return JSON.parse(stdout).map((machine: { name: string }) => machine.name);
  }

  remove(): void {
    removeTree(this.root);
  }
}

/**
 * Links smolvm's directories of unpacked artifacts and archives to `cache`; its other files stay below
 * `root`.
 */
function shareUnpacked(root: string, cache: string): void {
  mkdirSync(join(root, '.cache'));
  for (const folder of ['smolvm-pack', 'smolvm-image-archives']) {
    mkdirSync(join(cache, folder), { recursive: true });
    symlinkSync(join(cache, folder), join(root, '.cache', folder));
  }
}

/**
 * Creates sandboxes that are removed after the tests of a file. They share an artifact cache, which outlives
 * the run. A test that packs new images must use its own cache, or the shared one would grow with every run.
 */
export function useSandboxes(): (options?: { ownCache?: boolean; home?: string }) => Sandbox {
  const made: Sandbox[] = [];
  afterAll(() => {
    for (const sandbox of made) sandbox.remove();
  });
  return ({ ownCache = false, home } = {}) => {
    const sandbox = new Sandbox(ownCache ? undefined : join(KIT, 'node_modules', '.kit', 'test-cache'), home);
    made.push(sandbox);
    return sandbox;
  };
}

/** Returns the containers and networks that bottles and packs of this file's sandboxes have in the engine. */
export async function engineHolds(): Promise<string[]> {
  const format = `{{.Label "${HOME_LABEL}"}} {{.Name`;
  const filter = ['--filter', `label=${HOME_LABEL}`];
  const containers = await execa('docker', ['ps', '--all', ...filter, '--format', `${format}s}}`]);
  const networks = await execa('docker', ['network', 'ls', ...filter, '--format', `${format}}}`]);
  const lines = `${containers.stdout}\n${networks.stdout}`.split('\n').map((line) => line.split(' '));
  return lines.flatMap(([home = '', name = '']) => (homes.has(home) ? [name] : [])).toSorted();
}
