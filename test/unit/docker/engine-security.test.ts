import { describe, expect, it } from 'vitest';
import {
  asLaunchingUser,
  parseEngineSecurity,
  withFilesOfHost,
} from '../../../lib/docker/engine/security.ts';

const self = `${process.getuid?.()}:${process.getgid?.()}`;

/** As `docker info --format '{{json .SecurityOptions}}'` answers; of engines in their documentation. */
const ENGINES = [
  ['an engine of root', '["name=apparmor","name=seccomp,profile=builtin","name=cgroupns"]', ['--user', self]],
  ['one of version 20.10', '["name=seccomp,profile=default"]', ['--user', self]],
  ['one without any', 'null', ['--user', self]],
  [
    'a rootless one',
    '["name=seccomp,profile=builtin","name=rootless","name=cgroupns"]',
    // Its root is the user who started it.
    ['--user', '0:0'],
  ],
  [
    'one with userns-remap',
    '["name=seccomp,profile=builtin","name=userns"]',
    ['--user', self, '--userns', 'host'],
  ],
  [
    'one with SELinux',
    '["name=seccomp,profile=builtin","name=selinux"]',
    ['--user', self, '--security-opt', 'label=disable'],
  ],
] as const;

describe('a container with files of the launching user', () => {
  it.each(ENGINES)('has their rights on %s', (_name, said, expected) => {
    expect(asLaunchingUser(parseEngineSecurity(said))).toEqual(expected);
  });

  it('keeps its own user when it only reads', () => {
    const read = ENGINES.map(([, said]) => withFilesOfHost(parseEngineSecurity(said)));
    expect(read).toEqual([[], [], [], [], [], ['--security-opt', 'label=disable']]);
  });
});
