import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const KIT = join(import.meta.dirname, '..', '..', '..');
let directory: string;
let checkout: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'setup-'));
  checkout = join(directory, 'a checkout');
  for (const file of ['scripts/setup.sh', 'scripts/with-lock.ts', 'lib/host/lock.ts', 'lib/errors.ts']) {
    cpSync(join(KIT, file), join(checkout, file));
  }
  writeFileSync(join(checkout, 'package-lock.json'), '{}');
  mkdirSync(join(directory, 'bin'));
  program('node', `exec '${process.execPath}' "$@"`);
  program('npm', `echo "$*" >> '${directory}/calls'; mkdir -p node_modules`);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function program(name: string, script: string): void {
  writeFileSync(join(directory, 'bin', name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(directory, 'bin', name), 0o755);
}

function setup(): { code: number | null; said: string } {
  const env = {
    PATH: `${directory}/bin:/usr/bin:/bin`,
    HOME: directory,
    BOT_BOTTLE_CACHE: join(directory, 'cache'),
  };
  const run = spawnSync('sh', [join(checkout, 'scripts', 'setup.sh')], { env, encoding: 'utf8' });
  expect(run.stdout).toBe('');
  return { code: run.status, said: run.stderr };
}

const kit = () => join(checkout, 'node_modules', '.kit');

describe('setup.sh', () => {
  it('installs the lock file with the Node there is, then has nothing more to say', () => {
    expect(setup()).toEqual({ code: 0, said: 'setup: installing the npm packages of package-lock.json\n' });
    expect(readlinkSync(join(kit(), 'bin', 'node'))).toBe(join(directory, 'bin', 'node'));
    expect(setup()).toEqual({ code: 0, said: '' });
  });

  it('installs again when the lock file is newer than the last install', () => {
    setup();
    const later = new Date(Date.now() + 5_000);
    utimesSync(join(checkout, 'package-lock.json'), later, later);
    expect(setup().said).toContain('installing the npm packages');
  });

  it('finds the Node again, and installs nothing, when the one it had was removed', () => {
    setup();
    rmSync(join(kit(), 'bin', 'node'));
    expect(setup()).toEqual({ code: 0, said: '' });
    expect(existsSync(join(kit(), 'bin', 'node'))).toBe(true);
  });

  it("gets Node from npm's package when the machine's own is too old", () => {
    program('node', '[ "$1" = -p ] && echo 20 && exit; mkdir bin && cp ../../real bin/node');
    // What npm would unpack: a package whose install script puts the program at bin/node.
    const install = `mkdir -p node_modules/node && printf '#!/bin/sh\\nexec "%s" "$@"\\n' '${process.execPath}' > real && chmod 755 real`;
    program('npm', `case $1 in install) ${install} ;; *) mkdir -p node_modules ;; esac`);
    const { code, said } = setup();
    expect(said).toContain('this machine has no Node 24: getting Node 24.21.0 from npm');
    expect(code).toBe(0);
    const got = join(directory, 'cache', 'node-24.21.0', 'node_modules', 'node', 'bin', 'node');
    expect(readlinkSync(join(kit(), 'bin', 'node'))).toBe(got);
  });

  it.each([
    ['npm error code ECONNREFUSED', 'the npm registry cannot be reached'],
    ['npm error ENOSPC: no space left on device, write', 'the disk is full'],
    ['npm error code SELF_SIGNED_CERT_IN_CHAIN', "the npm registry's certificate is not trusted"],
    ['npm error something else', 'npm could not install the npm packages'],
  ])('tells what %j means, and takes nothing for installed', (words, meaning) => {
    program('npm', `echo 'npm warn noise'; echo '${words}'; exit 1`);
    const { code, said } = setup();
    expect(code).toBe(69);
    expect(said).toContain(words);
    expect(said).toContain(`error: ${meaning}`);
    expect(said).not.toContain('noise');
    expect(existsSync(join(kit(), 'ready'))).toBe(false);
  });
});
