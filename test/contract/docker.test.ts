import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fixture } from '../support/contract/fixture.ts';
import { tcp } from '../support/contract/guest-net.ts';
import { since, skipping, withoutGuests } from '../support/contract/skipping.ts';

const engine = await execa('docker', ['info'], { reject: false, timeout: 20_000 });
const ALLOWED = '127.0.0.29';
const OTHER = '127.0.0.30';
const PORT = 8080;
const SERVER = `use Socket; $SIG{TERM} = sub { exit }; socket(my $s, PF_INET, SOCK_STREAM, 0) or die;
setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1); bind($s, sockaddr_in(${PORT}, INADDR_ANY)) or die; listen($s, 9);
while (1) { accept(my $c, $s) or next; syswrite $c, "hello from the container"; close $c }`;

const { skipped, titled } = skipping(
  since('1.1.3'),
  withoutGuests(),
  engine.exitCode === 0 ? undefined : 'no Docker engine answers',
);

describe.skipIf(skipped)(titled('container on the same host as a guest'), () => {
  const name = `contract-docker-${process.pid}`;
  let fixture: Fixture;

  const docker = async (...args: string[]) => (await execa('docker', args)).stdout.trim();
  const field = (format: string) => docker('inspect', '--format', format, name);

  beforeAll(async () => {
    fixture = await Fixture.start();
    const sidecar = await fixture.pack(fixture.publish('docker:1'));
    await execa('docker', ['import', '-', `${name}:latest`], { input: fixture.rootfsTar() });
    await docker('network', 'create', name);
    const ports = ['-p', `${ALLOWED}::${PORT}`, '-p', `${OTHER}::${PORT}`];
    await docker(
      'run',
      '--detach',
      '--name',
      name,
      '--network',
      name,
      ...ports,
      `${name}:latest`,
      'perl',
      '-e',
      SERVER,
    );
    await fixture.boot('beside', sidecar, { allowed_cidrs: [`${ALLOWED}/32`] });
  });

  afterAll(async () => {
    await execa('docker', ['rm', '--force', name], { reject: false });
    await execa('docker', ['network', 'rm', name], { reject: false });
    await execa('docker', ['rmi', `${name}:latest`], { reject: false });
    await fixture[Symbol.asyncDispose]();
  });

  const publishedOn = async (address: string) => {
    const bindings = JSON.parse(await field(`{{json (index .NetworkSettings.Ports "${PORT}/tcp")}}`)) as {
      HostIp: string;
      HostPort: string;
    }[];
    return Number(bindings.find(({ HostIp }) => HostIp === address)?.HostPort);
  };

  it("a guest reaches a container's port that is published on the allowed loopback address", async () => {
    const port = await publishedOn(ALLOWED);
    expect(await tcp(fixture.home, 'beside', ALLOWED, port)).toBe('got: hello from the container');
  });

  it("a guest cannot reach a container's port that is published on another loopback address", async () => {
    expect(await tcp(fixture.home, 'beside', OTHER, await publishedOn(OTHER))).toMatch(/^failed: /);
  });

  it("a guest cannot reach a container's own address or its gateway", async () => {
    for (const key of ['IPAddress', 'Gateway']) {
      const address = await field(`{{(index .NetworkSettings.Networks "${name}").${key}}}`);
      expect(await tcp(fixture.home, 'beside', address, PORT)).toBe('failed: Permission denied');
    }
  });
});
