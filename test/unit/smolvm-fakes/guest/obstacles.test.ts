import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type GuestHost, obstacles } from '../../../../smolvm-fakes/src/guest/obstacles.ts';
import { profileOf } from '../../../../smolvm-fakes/src/profile.ts';
import { programPath } from '../../../../smolvm-fakes/src/system/run.ts';

const IDS = 'kim:100000:65536\n';

/** A host on which an ordinary user can start guests, except for `changes`. */
function hostWith(changes: Partial<GuestHost> = {}, files: Readonly<Record<string, string>> = {}): GuestHost {
  const texts: Readonly<Record<string, string>> = { '/etc/subuid': IDS, '/etc/subgid': IDS, ...files };
  return {
    platform: 'linux',
    isRoot: false,
    user: { name: 'kim', uid: 1001 },
    program: (name) => `/usr/bin/${name}`,
    text: (file) => texts[file] ?? '',
    tryNamespace: () => '',
    ...changes,
  };
}

function found(version: string, host: GuestHost): string {
  const profile = profileOf(version);
  if (profile === undefined) throw new Error(`no fake ${version}`);
  return obstacles(profile, host).join('\n');
}

it('an ordinary user can start guests, and so can root without subordinate ids', () => {
  expect(found('0.8.0', hostWith())).toBe('');
  expect(found('1.9.3', hostWith())).toBe('');
  expect(found('0.8.0', hostWith({ isRoot: true }, { '/etc/subuid': '' }))).toBe('');
});

it('nobody can start guests on macOS', () => {
  expect(found('1.9.3', hostWith({ platform: 'darwin', isRoot: true }))).toMatch(/needs Linux.*darwin/);
});

it('missing programs are named with their packages, and only those that the user needs', () => {
  const program = (name: string) =>
    ['runc', 'newuidmap', 'iptables-restore'].includes(name) ? undefined : `/usr/bin/${name}`;
  expect(found('1.9.3', hostWith({ program }))).toBe(
    'runc is missing (Debian: runc)\nnewuidmap is missing (Debian: uidmap)',
  );
  expect(found('1.9.3', hostWith({ program, isRoot: true }))).toBe(
    'runc is missing (Debian: runc)\niptables-restore is missing (Debian: iptables)',
  );
});

it('programs are found as executable files in the folders of a path', () => {
  const root = mkdtempSync(join(tmpdir(), 'bk-path-'));
  try {
    for (const folder of ['one', 'two']) mkdirSync(join(root, folder));
    writeFileSync(join(root, 'one', 'runc'), 'not a program', { mode: 0o600 });
    writeFileSync(join(root, 'two', 'runc'), '#!/bin/sh\n');
    chmodSync(join(root, 'two', 'runc'), 0o755);
    symlinkSync('/nowhere', join(root, 'two', 'ip'));
    const path = `${join(root, 'one')}:${join(root, 'two')}`;
    expect(programPath('runc', path)).toBe(join(root, 'two', 'runc'));
    expect(programPath('ip', path)).toBeUndefined();
  } finally {
    rmSync(root, { recursive: true });
  }
});

it('a user without subordinate ids, or with too few, is told how to get them', () => {
  const files = { '/etc/subuid': 'other:100000:65536\n', '/etc/subgid': 'kim:100000:1000\n' };
  expect(found('1.9.3', hostWith({}, files))).toMatch(
    /^\/etc\/subuid and \/etc\/subgid give kim no 65536 ids .*usermod --add-subuids 100000-165535 .* kim\)$/,
  );
  expect(found('1.9.3', hostWith({}, { '/etc/subuid': '1001:300000:65536\n' }))).toBe('');
});

it.each([
  ['kernel.unprivileged_userns_clone', '0', '1'],
  ['user.max_user_namespaces', '0', '10000'],
  ['kernel.apparmor_restrict_unprivileged_userns', '1', '0'],
])('the switch %s is named when it keeps users from namespaces', (key, off, on) => {
  const tryNamespace = () => 'unshare: Operation not permitted';
  const files = { [`/proc/sys/${key.replaceAll('.', '/')}`]: `${off}\n` };
  const text = found('1.9.3', hostWith({ tryNamespace }, files));
  expect(text).toContain('Operation not permitted');
  expect(text).toContain(`sudo sysctl ${key}=${on}`);
});

it('a refusal that no switch explains is still told', () => {
  expect(found('1.9.3', hostWith({ tryNamespace: () => 'mount: no such device' }))).toMatch(
    /no such device$/,
  );
});

it('a fake that connects guests by a network needs iptables and TPROXY', () => {
  const program = (name: string) => (name === 'iptables-restore' ? undefined : `/usr/bin/${name}`);
  expect(found('0.8.0', hostWith({ program }))).toBe('iptables-restore is missing (Debian: iptables)');
  const tryNamespace = (withNetwork: boolean) => (withNetwork ? 'no TPROXY' : '');
  expect(found('0.8.0', hostWith({ tryNamespace }))).toMatch(/an overlay and TPROXY.* refuses: no TPROXY/);
  expect(found('1.9.3', hostWith({ program, tryNamespace }))).toBe('');
});
