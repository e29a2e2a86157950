import { once } from 'node:events';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach } from 'vitest';
import { mintBottleCa } from '../../../lib/certs/bottle-ca.ts';
import type { BottleCa } from '../../../lib/certs/ca-profile.ts';
import { type EgressBehavior, startFakeEgress } from './fake-egress.ts';
import { type Row, type Settings, takeTour } from './tour.ts';

/** Like the agent's: not root, whoever runs the tests. */
const UID = process.getuid?.() || 1000;

/** What a tour of a bottle in order would find, anew for each test, which may spoil it. */
export class Scene {
  readonly home: string;
  readonly environment: Record<string, string>;
  readonly settings: Settings;
  readonly #ca: BottleCa;
  readonly #stops: (() => unknown)[] = [];

  constructor(home: string, ca: BottleCa, closedPort: number, resolverPort: number) {
    this.home = home;
    this.#ca = ca;
    this.environment = {
      GREETING: 'hello there',
      SSL_CERT_FILE: path.join(home, 'ca-certificates.crt'),
      BOT_BOTTLE_PROMPT_FILE: path.join(home, 'prompt.txt'),
      BOT_BOTTLE_SLUG: 'demo-a1b2c',
      HOME: home,
    };
    const closed = { host: '127.0.0.1', port: closedPort };
    this.settings = {
      user: { name: 'node', uid: UID, home },
      outside: [closed],
      host: [closed, { ...closed, host: '127.0.0.17' }, { ...closed, host: '::1' }],
      dockerSockets: [path.join(home, 'docker.sock')],
      publicResolver: `127.0.0.1:${resolverPort}`,
      outsideName: 'nowhere.invalid',
      blockedMs: 500,
      answerMs: 4000,
    };
  }

  atEnd(stop: () => unknown): void {
    this.#stops.push(stop);
  }

  async listener(host = '127.0.0.1'): Promise<{ host: string; port: number }> {
    const server = net.createServer((socket) => socket.end()).listen(0, host);
    await once(server, 'listening');
    this.atEnd(() => server.close());
    return { host, port: (server.address() as AddressInfo).port };
  }

  /** The URL of a proxy that behaves so. */
  async egress(behavior: EgressBehavior = {}): Promise<string> {
    const egress = await startFakeEgress(this.#ca, behavior);
    this.atEnd(egress.stop);
    return egress.url;
  }

  async tour(behavior: EgressBehavior = {}): Promise<Row[]> {
    return takeTour({ HTTPS_PROXY: await this.egress(behavior), ...this.environment }, this.settings);
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops) await stop();
    await rm(this.home, { recursive: true, force: true });
  }
}

/** A scene for each test of a file. */
export function useScene(): () => Scene {
  let [ca, scene]: [BottleCa?, Scene?] = [];
  beforeAll(async () => {
    ca = await mintBottleCa('demo-a1b2c');
  });
  beforeEach(async () => {
    if (ca === undefined) throw new Error('there is no CA');
    const home = await mkdtemp(path.join(tmpdir(), 'bottle-tour-'));
    scene = new Scene(home, ca, await closedPort(), await closedPort());
    const { SSL_CERT_FILE = '', BOT_BOTTLE_PROMPT_FILE = '' } = scene.environment;
    await writeFile(SSL_CERT_FILE, ca.certificatePem);
    await writeFile(BOT_BOTTLE_PROMPT_FILE, 'You are the demo agent.', { mode: 0o600 });
    if (process.getuid?.() === 0) await chown(BOT_BOTTLE_PROMPT_FILE, UID, UID);
  });
  afterEach(() => scene?.stop());
  return () => {
    if (scene === undefined) throw new Error('there is no scene yet');
    return scene;
  };
}

export async function closedPort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
