import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findContainer } from '../../../lib/docker/container.ts';
import { buildImage, imageConfig, imageId } from '../../../lib/docker/image.ts';
import { findNetwork } from '../../../lib/docker/network.ts';
import { type Machine, makeMachine } from '../../support/docker-programs.ts';

let machine: Machine;
beforeEach(() => {
  machine = makeMachine();
});
afterEach(() => machine.remove());

/** What engines answer, with what the kit does not read left out: 20.10 as recorded, 29 as its API is documented. */
const SHAPES = {
  '20.10': {
    container: {
      Id: 'c1',
      State: { Status: 'running', Running: true, ExitCode: 0 },
      NetworkSettings: {
        Bridge: '',
        IPAddress: '',
        Ports: { '9099/tcp': [{ HostIp: '127.0.0.16', HostPort: '49153' }], '9100/tcp': null },
        Networks: { net: { IPAMConfig: null, IPAddress: '192.168.9.2', GlobalIPv6Address: '' } },
      },
    },
    network: {
      Name: 'net',
      Id: 'n1',
      Created: '2026-11-29T09:00:00.1Z',
      IPAM: { Driver: 'default', Options: {}, Config: [{ Subnet: '192.168.9.0/24' }] },
      Labels: { 'bot-bottle.alias': '127.0.0.16' },
    },
    config: {
      Hostname: '',
      User: 'node',
      ExposedPorts: {},
      Env: ['PATH=/bin', 'EMPTY='],
      Cmd: ['sh'],
      Volumes: null,
      WorkingDir: '/work',
      Entrypoint: null,
      OnBuild: null,
      Labels: null,
    },
  },
  '29': {
    container: {
      Id: 'c1',
      State: { Status: 'running', Running: true, ExitCode: 0 },
      // Without the fields of the default bridge, and those that are empty.
      NetworkSettings: {
        Ports: { '9099/tcp': [{ HostIp: '127.0.0.16', HostPort: '49153' }], '9100/tcp': [] },
        Networks: { net: { IPAddress: '192.168.9.2', GwPriority: 0 }, pending: {} },
      },
    },
    network: {
      Name: 'net',
      Id: 'n1',
      Created: '2026-11-29T09:00:00.1Z',
      EnableIPv4: true,
      IPAM: { Driver: 'default', Config: [{ Subnet: '192.168.9.0/24', Gateway: '192.168.9.1' }] },
      Labels: { 'bot-bottle.alias': '127.0.0.16' },
      Status: { IPAM: { Subnets: { '192.168.9.0/24': { IPsInUse: 3 } } } },
    },
    // An OCI image's config, as both image stores give it.
    config: { User: 'node', Env: ['PATH=/bin', 'EMPTY='], Cmd: ['sh'], WorkingDir: '/work' },
  },
} as const;

describe.each(Object.entries(SHAPES))('an engine of version %s', (_version, shape) => {
  const answers = (value: unknown) => machine.program('docker', `echo '${JSON.stringify(value)}'`);

  it('says where a container can be reached', async () => {
    answers([shape.container]);
    const found = await findContainer('c');
    expect(found).toMatchObject({ id: 'c1', running: true });
    expect(found?.addresses.net).toBe('192.168.9.2');
    expect(found?.ports).toEqual({ '9099/tcp': [{ hostIp: '127.0.0.16', hostPort: 49153 }], '9100/tcp': [] });
  });

  it('says what a network is for', async () => {
    answers([shape.network]);
    expect(await findNetwork('net')).toMatchObject({
      labels: { 'bot-bottle.alias': '127.0.0.16' },
      subnets: ['192.168.9.0/24'],
    });
  });

  it('says how an image is run', async () => {
    answers(shape.config);
    expect(await imageConfig('image')).toEqual({
      user: 'node',
      directory: '/work',
      environment: { PATH: '/bin', EMPTY: '' },
      entrypoint: [],
      cmd: ['sh'],
      labels: {},
    });
  });
});

describe('what an engine does not have', () => {
  const fails = (said: string) =>
    machine.program('docker', `echo '${said}' >&2; [ "$1" != network ] || echo '[]'; exit 1`);

  it.each([
    ['20.10', 'Error: No such image: x', 'Error: No such container: x', 'Error: No such network: x'],
    [
      '29',
      'Error response from daemon: No such image: x',
      'Error response from daemon: No such container: x',
      'Error response from daemon: network x not found',
    ],
  ])('is missing, as version %s says it', async (_version, image, container, network) => {
    fails(image);
    expect(await imageId('x')).toBeUndefined();
    fails(container);
    expect(await findContainer('x')).toBeUndefined();
    fails(network);
    expect(await findNetwork('x')).toBeUndefined();
  });

  it('is not taken for missing when the engine fails otherwise', async () => {
    fails('Error response from daemon: i/o timeout');
    await expect(imageId('x')).rejects.toThrow('i/o timeout');
    await expect(findContainer('x')).rejects.toThrow('i/o timeout');
    await expect(findNetwork('x')).rejects.toThrow('i/o timeout');
  });
});

it('a build makes no attestation, with which every build would be another image', async () => {
  const seen = join(machine.directory, 'seen');
  machine.program(
    'docker',
    `[ "$1" != build ] || echo "$BUILDX_NO_DEFAULT_ATTESTATIONS" > '${seen}'; echo sha256:1`,
  );
  writeFileSync(join(machine.directory, 'Dockerfile'), 'FROM scratch\n');
  await buildImage({
    tag: 't',
    dockerfile: join(machine.directory, 'Dockerfile'),
    context: machine.directory,
    labels: {},
    buildArguments: {},
    onLine: () => {},
  });
  expect(readFileSync(seen, 'utf8')).toBe('1\n');
});
