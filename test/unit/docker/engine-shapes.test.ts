import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findUnused } from '../../../lib/commands/cleanup/unused.ts';
import { findContainer } from '../../../lib/docker/container.ts';
import { buildImage, imageConfig, imageId, imageLabel } from '../../../lib/docker/image.ts';
import { findNetwork } from '../../../lib/docker/network.ts';
import { type Machine, makeMachine } from '../../support/docker-programs.ts';

let machine: Machine;
beforeEach(() => {
  machine = makeMachine();
});
afterEach(() => machine.remove());

/** Fields of the default bridge, which version 29 no longer has (API 1.52). */
const OF_DEFAULT_BRIDGE = {
  ...{ Bridge: '', HairpinMode: false, LinkLocalIPv6Address: '', LinkLocalIPv6PrefixLen: 0 },
  ...{ SecondaryIPAddresses: null, SecondaryIPv6Addresses: null, EndpointID: '', Gateway: '' },
  ...{ GlobalIPv6Address: '', IPAddress: '', IPPrefixLen: 0, IPv6Gateway: '', MacAddress: '' },
};
const ENDPOINT = { IPAMConfig: null, IPAddress: '192.168.9.2', GlobalIPv6Address: '' };
const NETWORK = {
  ...{ Name: 'net', Id: 'n1', Created: '2026-11-29T09:00:00.1Z', EnableIPv6: false },
  IPAM: { Driver: 'default', Options: {}, Config: [{ Subnet: '192.168.9.0/24' }] },
  Labels: { 'bot-bottle.alias': '127.0.0.16' },
};
/** Fields that a container would need, and no image; left out since version 29 (API 1.50), like all that are empty. */
const FULL_CONFIG = {
  ...{ Hostname: '', Domainname: '', AttachStdin: false, Image: '', User: 'node', ExposedPorts: {} },
  ...{ Env: ['PATH=/bin', 'EMPTY='], Cmd: ['sh'], Volumes: null, WorkingDir: '/work', Entrypoint: null },
  ...{ OnBuild: null, Labels: null },
};
const OCI_CONFIG = { User: 'node', Env: ['PATH=/bin', 'EMPTY='], Cmd: ['sh'], WorkingDir: '/work' };
const IMAGE = { Id: 'sha256:1', Created: '2026-11-29T09:00:00.1Z', Size: 5, Config: FULL_CONFIG };

/**
 * What engines answer, as far as the kit reads it: 20.10 as recorded, the others as the version history of the Engine API
 * and its specification tell them.
 */
const SHAPES = {
  '20.10': {
    settings: OF_DEFAULT_BRIDGE,
    endpoint: { ...ENDPOINT, Aliases: ['c1'] },
    unpublished: null,
    network: NETWORK,
    image: { ...IMAGE, Container: 'x', ContainerConfig: FULL_CONFIG, VirtualSize: 5, Parent: '' },
  },
  '24': {
    settings: OF_DEFAULT_BRIDGE,
    endpoint: { ...ENDPOINT, Aliases: ['c1'] },
    unpublished: null,
    network: NETWORK,
    image: { ...IMAGE, Container: '', ContainerConfig: FULL_CONFIG, VirtualSize: 5 },
  },
  '24, containerd store': {
    settings: OF_DEFAULT_BRIDGE,
    endpoint: ENDPOINT,
    unpublished: null,
    network: NETWORK,
    image: { ...IMAGE, Container: '', ContainerConfig: null, VirtualSize: 5, Config: FULL_CONFIG },
  },
  // The time is missing, where it was year 1 before, for an image that does not say when it was made (API 1.44).
  '25': {
    settings: OF_DEFAULT_BRIDGE,
    endpoint: { ...ENDPOINT, Aliases: ['c1'], DNSNames: ['c', 'c1'] },
    unpublished: null,
    network: { ...NETWORK, ConfigOnly: false },
    image: { ...IMAGE, Created: undefined, Container: '', ContainerConfig: FULL_CONFIG },
  },
  '26': {
    settings: OF_DEFAULT_BRIDGE,
    endpoint: { ...ENDPOINT, Aliases: null, DNSNames: ['c', 'c1'] },
    unpublished: null,
    network: NETWORK,
    image: IMAGE,
  },
  '27': {
    settings: OF_DEFAULT_BRIDGE,
    endpoint: { ...ENDPOINT, DriverOpts: null, DNSNames: ['c', 'c1'] },
    unpublished: null,
    network: NETWORK,
    image: IMAGE,
  },
  '28': {
    settings: OF_DEFAULT_BRIDGE,
    endpoint: { ...ENDPOINT, GwPriority: 0, DNSNames: ['c', 'c1'] },
    unpublished: null,
    network: { ...NETWORK, EnableIPv4: true },
    image: { ...IMAGE, Descriptor: { mediaType: 'application/vnd.oci.image.index.v1+json' } },
  },
  '29': {
    settings: {},
    endpoint: { IPAddress: '192.168.9.2', GwPriority: 0 },
    unpublished: [],
    network: {
      ...NETWORK,
      EnableIPv4: true,
      IPAM: { Driver: 'default', Config: [{ Subnet: '192.168.9.0/24', Gateway: '192.168.9.1' }] },
      Status: { IPAM: { Subnets: { '192.168.9.0/24': { IPsInUse: 3 } } } },
    },
    image: { ...IMAGE, Config: OCI_CONFIG },
  },
} as const;

describe.each(Object.entries(SHAPES))('an engine of version %s', (_version, shape) => {
  const answers = (value: unknown) => machine.program('docker', `echo '${JSON.stringify(value)}'`);

  it('says where a container can be reached', async () => {
    const Ports = {
      '9099/tcp': [{ HostIp: '127.0.0.16', HostPort: '49153' }],
      '9100/tcp': shape.unpublished,
    };
    // Before it is connected, an endpoint has no address.
    const Networks = { net: shape.endpoint, pending: {} };
    const State = { Status: 'running', Running: true, ExitCode: 0 };
    answers([{ Id: 'c1', State, NetworkSettings: { ...shape.settings, Ports, Networks } }]);
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
    answers(shape.image.Config);
    expect(await imageConfig('image')).toEqual({
      user: 'node',
      directory: '/work',
      environment: { PATH: '/bin', EMPTY: '' },
      entrypoint: [],
      cmd: ['sh'],
      labels: {},
    });
    expect(await imageLabel('image', 'bot-bottle.agent')).toBeUndefined();
  });

  it('says how old an image is, and what it takes, unless it does not know', async () => {
    machine.program(
      'docker',
      `if [ "$2" = ls ]; then echo bot-bottle-agent:1; else echo '${JSON.stringify(shape.image)}'; fi`,
    );
    const unused = await findUnused({ slugs: [], smolvms: [], days: 0 });
    expect(unused.map(({ what, bytes }) => ({ what, bytes }))).toEqual(
      shape.image.Created === undefined ? [] : [{ what: 'image bot-bottle-agent:1', bytes: 5 }],
    );
  });
});

it('an image without any configuration has none, whoever says so', async () => {
  machine.program('docker', 'echo null');
  expect(await imageConfig('image')).toMatchObject({ user: '', cmd: [], labels: {} });
  expect(await imageLabel('image', 'bot-bottle.agent')).toBeUndefined();
});

describe('what an engine does not have', () => {
  const fails = (said: string) =>
    machine.program('docker', `echo '${said}' >&2; [ "$1" != network ] || echo '[]'; exit 1`);

  it.each([
    ['20.10 to 27', 'Error: No such image: x', 'Error: No such container: x', 'Error: No such network: x'],
    [
      '28 and 29',
      'Error response from daemon: No such image: x:latest',
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
    say: () => {},
  });
  expect(readFileSync(seen, 'utf8')).toBe('1\n');
});
