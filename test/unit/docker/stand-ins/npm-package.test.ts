import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create } from 'tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unpackNpmPackage } from '../../../../lib/docker/stand-ins/npm-package.ts';
import { type Machine, makeMachine } from '../../../support/docker-programs.ts';

let machine: Machine;
let integrity: string;
let target: string;

beforeEach(async () => {
  machine = makeMachine();
  target = join(machine.directory, 'target');
  const tarball = join(machine.directory, 'thing.tgz');
  mkdirSync(join(machine.directory, 'package', 'docs'), { recursive: true });
  writeFileSync(join(machine.directory, 'package', 'index.js'), 'yes');
  writeFileSync(join(machine.directory, 'package', 'docs', 'manual'), 'no');
  await create({ file: tarball, cwd: machine.directory, gzip: true }, ['package']);
  integrity = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
  // `npm pack --silent --pack-destination DIRECTORY NAME@VERSION`
  machine.program('npm', `[ "$5" = thing@1.2.3 ] && /bin/cp '${tarball}' "$4/thing-1.2.3.tgz"`);
});
afterEach(() => machine.remove());

describe('unpackNpmPackage', () => {
  it('unpackNpmPackage unpacks only the wanted files of the exact version', async () => {
    const wanted = (path: string) => !path.startsWith('docs/');
    await unpackNpmPackage({ name: 'thing', version: '1.2.3', integrity }, target, wanted);
    expect(readFileSync(join(target, 'index.js'), 'utf8')).toBe('yes');
    expect(existsSync(join(target, 'docs', 'manual'))).toBe(false);
  });

  it('unpackNpmPackage unpacks nothing if the tarball does not match the pinned integrity', async () => {
    const other = { name: 'thing', version: '1.2.3', integrity: 'sha512-AAAA' };
    await expect(unpackNpmPackage(other, target, () => true)).rejects.toThrow(
      /thing@1\.2\.3.*different bytes/,
    );
    expect(existsSync(join(target, 'index.js'))).toBe(false);
  });
});
