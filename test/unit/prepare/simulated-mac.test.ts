import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { KIT_DIRECTORY } from '../../../lib/host/directories.ts';

/** An engine of Macs, as its docker client speaks of it. */
interface Engine {
  readonly context: string;
  readonly socket: string;
  readonly version: string;
}
const ENGINES = {
  'Docker Desktop': { context: 'desktop-linux', socket: '.docker/run/docker.sock', version: '28.5.1' },
  OrbStack: { context: 'orbstack', socket: '.orbstack/run/docker.sock', version: '28.5.2' },
  Colima: { context: 'colima', socket: '.colima/default/docker.sock', version: '28.4.0' },
  'Rancher Desktop': { context: 'rancher-desktop', socket: '.rd/docker.sock', version: '28.3.3' },
} satisfies Record<string, Engine>;
const PODMAN = `case "$1" in --version) echo 'podman version 5.2.1' ;; *) echo 'Error: unknown flag' >&2; exit 125 ;; esac`;
/** A Mac's other loopback addresses are missing until someone adds them; nobody is asked without a terminal. */
const PRELOADED = `
Object.defineProperty(process, 'platform', { value: 'darwin' });
Object.defineProperty(process, 'arch', { value: 'arm64' });
process.getuid = () => 501;
`;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bk-'));
  writeFileSync(join(directory, 'darwin.mjs'), PRELOADED);
  for (const version of ['1.9.3', '0.8.0']) {
    program(join(directory, `smolvm-${version}`), `echo 'smolvm ${version}'`);
  }
  const manifests = { 'agents/dev.md': '---\nbottle: dev\n---\nBe kind.\n', 'bottles/dev.md': BOTTLE };
  for (const [name, text] of Object.entries(manifests)) {
    mkdirSync(join(directory, 'home', dirname(name)), { recursive: true });
    writeFileSync(join(directory, 'home', name), text);
  }
  writeFileSync(join(directory, 'Dockerfile'), 'FROM scratch\n');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const BOTTLE = `---
agent_provider:
  template: command
  command: [run]
  dockerfile: Dockerfile
---
`;

function program(path: string, script: string): void {
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

function docker({ context, socket, version }: Engine, isRunning: boolean): string {
  const address = `unix:///Users/ann/${socket}`;
  const silent = `echo "Cannot connect to the Docker daemon at ${address}. Is the docker daemon running?" >&2; exit 1`;
  return `case "$1 $2" in
'context show') echo ${context} ;;
'context inspect') echo ${address} ;;
*) ${isRunning ? ':' : silent} ;;
esac
case "$1 $2" in
'version --format') echo ${version} ${context} ;;
esac`;
}

/** Runs a launch without a terminal that would create nothing, and returns what it says. */
async function preflight(dockerScript: string, smolvm: string | undefined): Promise<string> {
  const bin = mkdtempSync(join(directory, 'bin-'));
  program(join(bin, 'docker'), dockerScript);
  const { exitCode, all } = await execa(
    process.execPath,
    [join(KIT_DIRECTORY, 'scripts', 'launch.ts'), '--agent', 'dev', '--yes', '--dry-run'],
    {
      ...{ cwd: directory, reject: false, all: true, stdin: 'ignore', extendEnv: false },
      env: {
        HOME: '/Users/ann',
        PATH: `${bin}:/usr/bin:/bin`,
        NODE_OPTIONS: `--import ${join(directory, 'darwin.mjs')}`,
        NODE_COMPILE_CACHE: join(KIT_DIRECTORY, 'node_modules', '.kit', 'compile-cache'),
        BOT_BOTTLE_HOME: join(directory, 'home'),
        BOT_BOTTLE_CACHE: join(directory, 'cache'),
        ...(smolvm === undefined ? {} : { SMOLVM: join(directory, `smolvm-${smolvm}`) }),
      },
    },
  );
  // Without the plan, which other tests show.
  const said = (all ?? '').split('\n').filter((line) => !/^ {2}\w/.test(line));
  return `exit code ${exitCode}\n${said.join('\n')}`.replaceAll(directory, '~');
}

it('what a Mac is told before a launch matches the golden file', async () => {
  const desktop = docker(ENGINES['Docker Desktop'], true);
  const stopped = Object.entries(ENGINES).map(
    ([name, engine]) => [`${name} is not running`, docker(engine, false), '1.9.3'] as const,
  );
  const launches = [
    ...stopped,
    ['smolvm 0.8.0', desktop, '0.8.0'],
    ['smolvm 1.9.3', desktop, '1.9.3'],
    ['no smolvm', desktop, undefined],
    ['podman', PODMAN, '1.9.3'],
  ] as const;
  const said = await Promise.all(
    launches.map(async ([title, script, smolvm]) => `## ${title}\n\n${await preflight(script, smolvm)}\n`),
  );
  await expect(said.join('\n')).toMatchFileSnapshot('golden/simulated-mac.txt');
}, 90_000);
