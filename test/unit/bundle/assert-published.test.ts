import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assertPublished } from '../../../lib/bundle/assert-published.ts';
import { type Machine, makeMachine } from '../../support/docker-programs.ts';

let machine: Machine;
beforeEach(() => {
  machine = makeMachine();
});
afterEach(() => machine.remove());

/** A port of 127.0.0.1 on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('a published port', () => {
  it('that accepts connections is right, also when it takes a moment', async () => {
    const port = await closedPort();
    const server = createServer((socket) => socket.destroy());
    setTimeout(() => server.listen(port, '127.0.0.1'), 500);
    await assertPublished({ host: '127.0.0.1', port });
    server.close();
  });

  it.each([
    ['OrbStack, orbstack', 'update it'],
    ['Ubuntu 24.04.1 LTS, colima', 'Docker Desktop'],
    ['Docker Desktop, docker-desktop', 'forwards ports'],
  ])('that does not is reported with the engine, %s, and what helps', async (engine, remedy) => {
    machine.program('docker', `echo '${engine}'`);
    const port = await closedPort();
    await expect(assertPublished({ host: '127.0.0.1', port }, undefined, 300)).rejects.toMatchObject({
      code: 'bundle-not-ready',
      message: `the Docker engine (${engine}) has published 127.0.0.1:${port}, but this host cannot connect to it`,
      hint: expect.stringMatching(new RegExp(`${remedy}.* With smolvm 1\\.8\\.0 or newer`)),
    });
  });
});
