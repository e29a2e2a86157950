import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vi } from 'vitest';
import { createBottle } from '../../../lib/bottle/create.ts';
import { pendingUndo } from '../../../lib/bottle/journal.ts';
import { bottleDirectory } from '../../../lib/bottle/paths.ts';
import { writeRecord } from '../../../lib/bottle/records.ts';
import { KIT_DIRECTORY } from '../../../lib/host/directories.ts';
import type { ProcessIdentity } from '../../../lib/host/process-identity.ts';
import { type DeployKeys, mintKeys } from '../../../lib/phases/mint-keys.ts';
import { runPhase } from '../../../lib/phases/run-phase.ts';
import { type Plan, planSchema } from '../../../lib/plan/schema.ts';
import { ADMIN_TOKEN, type StandInForge } from './stand-in-forge.ts';

/** The host variable with the token. */
export const VARIABLE = 'FORGE_TOKEN';

/** A prepared bottle whose repositories want deploy keys of a forge; runs in the test's own home. */
export class KeyedBottle {
  readonly slug: string;

  private constructor(slug: string) {
    this.slug = slug;
  }

  /** @param repos name -> whether it may be pushed to. */
  static async prepare(
    forge: StandInForge,
    repos: Readonly<Record<string, boolean>>,
    owner: ProcessIdentity | null = null,
  ): Promise<KeyedBottle> {
    vi.stubEnv(VARIABLE, ADMIN_TOKEN);
    vi.stubEnv('NODE_EXTRA_CA_CERTS', forge.roots);
    const choice = { agent: 'dev', bottles: [], cwd: '/', envFile: '', label: '', color: '', owner };
    const slug = await createBottle({ ...choice, labelMustBeFree: false });
    await writeRecord(slug, {
      ...{ phase: 'prepare', at: new Date().toISOString(), durationMs: 0, inputs: {} },
      data: planSchema.parse(planOf(slug, forge, repos)),
    });
    return new KeyedBottle(slug);
  }

  /** Runs the phase in this process. */
  async mint({ force = false } = {}): Promise<DeployKeys['keys']> {
    const options = { force, signal: new AbortController().signal, say: () => {} };
    return (await runPhase(mintKeys, this.slug, options)).record.data.keys;
  }

  /** Starts the phase's script, as make does. */
  start() {
    const script = join(KIT_DIRECTORY, 'scripts', 'mint-keys.ts');
    const child = spawn(process.execPath, [script, '--bottle', this.slug], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const ended = once(child, 'close').then(([code]: unknown[]) => ({ code, output }));
    return { child, ended };
  }

  /** What is left to be undone. */
  async pending() {
    return (await pendingUndo(this.slug)).map(({ undo }) => undo);
  }

  /** Files of the bottle's state that hold `text`. */
  async filesWith(text: string): Promise<string[]> {
    const root = bottleDirectory(this.slug);
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const texts = await Promise.all(paths.map((path) => readFile(path, 'latin1')));
    return paths.filter((_, index) => texts[index]?.includes(text));
  }
}

function planOf(slug: string, forge: StandInForge, repos: Readonly<Record<string, boolean>>): Plan {
  const rules = { branches: null, create: true, force: false, delete: false, tags: false };
  return {
    slug,
    agent: { name: 'dev', file: '/dev.md', origin: 'home' },
    skills: [],
    bottle: { name: 'dev', file: '/dev.md' },
    smolvm: { path: '/smolvm', version: [1, 9, 3], tier: 'socket', fake: true },
    names: { machine: 'm', network: 'n', bundle: 'b' },
    image: { kind: 'reference', reference: 'image' },
    handoff: 'archive',
    provider: { template: 'command', command: ['run'], mcpServers: {} },
    hasPrompt: false,
    environment: { literals: {}, forwarded: {}, files: {}, prompted: {} },
    git: Object.entries(repos).map(([name, mayPush]) => ({
      ...{ name, url: `ssh://git@git.example.com/${forge.repository}.git`, scheme: 'ssh', user: 'git' },
      ...{ host: 'git.example.com', port: 22, path: `/${forge.repository}.git`, hostKey: 'ssh-ed25519 AAAA' },
      key: {
        kind: 'deploy',
        forge: forge.kind,
        apiUrl: forge.apiUrl,
        repository: forge.repository,
        variable: VARIABLE,
      },
      push: mayPush ? rules : false,
      extraHosts: {},
    })),
    egress: { routes: [], log: 0, learn: false, tokens: {} },
    daemons: ['selftest', 'egress', 'git-gate', 'git-http'],
  };
}
