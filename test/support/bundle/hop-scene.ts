import { createHmac, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { stringify } from 'yaml';
import { bottlePaths } from '../../../lib/bottle/paths.ts';
import { awaitHealthy } from '../../../lib/bundle/health.ts';
import { ensurePipelockBundleImage } from '../../../lib/bundle/image.ts';
import { runArguments } from '../../../lib/bundle/launch-spec.ts';
import { bundleSecrets } from '../../../lib/bundle/secrets.ts';
import { SELFTEST_HOST, SELFTEST_NONCE_ENV } from '../../../lib/daemons/contract/selftest/selftest.ts';
import { ensureBaseImage } from '../../../lib/docker/base-images.ts';
import { docker, dockerTry } from '../../../lib/docker/cli.ts';
import { findContainer, hostPortOf } from '../../../lib/docker/container.ts';
import { buildImage } from '../../../lib/docker/image.ts';
import { messageOf } from '../../../lib/errors.ts';
import { writeAtomically } from '../../../lib/host/files.ts';
import { type Certificates, mintCerts } from '../../../lib/phases/mint-certs.ts';
import type { Plan } from '../../../lib/plan/schema.ts';
import { pipelockConfig } from '../../../lib/prepare/pipelock-config.ts';
import { fetchVia, type Reply } from '../egress/agent.ts';
import { testAuthority } from '../egress/authority.ts';
import { PLAIN_SECURITY } from '../plain-security.ts';

const RECIPES = join(import.meta.dirname, 'hop');
const ALIAS = '127.0.0.1';
/** The origin's port, in its own container, and the host name in its certificate. */
const ORIGIN_PORT = 8443;
export const ORIGIN = 'api.example.com';
/** A TLS server that prints the requests it receives. */
const ORIGIN_PROGRAM = `
const { CERT: cert, KEY: key } = process.env;
require('node:https').createServer({ cert, key }, (request, response) => {
  console.log(JSON.stringify({ url: request.url, authorization: request.headers.authorization ?? null }));
  response.end('hello from the origin');
}).listen(${ORIGIN_PORT}, () => console.log('listening'));
process.on('SIGTERM', () => process.exit(0));`;

/** A launch's bundle with a real intercepting proxy behind egress, and a TLS origin on its network. */
export class HopScene {
  readonly #id = randomBytes(4).toString('hex');
  readonly #slug = `hop-${this.#id.slice(0, 5)}`;
  readonly #world = testAuthority('the CA of the origin');
  readonly #network = `bot-bottle-bundle-test-${this.#id}`;
  readonly #origin = `bot-bottle-test-origin-${this.#id}`;
  readonly #bundle = `bot-bottle-sidecars-${this.#slug}`;
  readonly #images: string[] = [];
  readonly token = `tok-${randomBytes(16).toString('hex')}`;
  #home = '';
  #image = '';
  #nonce = '';
  certs: Certificates | undefined;
  /** Why no intercepting proxy is available here; undefined if there is one. */
  lacks: string | undefined;

  async setUp(): Promise<void> {
    this.#home = await mkdtemp(join(tmpdir(), 'hop-'));
    const roots = join(this.#home, 'world.pem');
    await writeFile(roots, this.#world.certificate);
    vi.stubEnv('BOT_BOTTLE_HOME', join(this.#home, 'home'));
    vi.stubEnv('BOT_BOTTLE_CACHE', join(this.#home, 'cache'));
    vi.stubEnv('HOP_TEST_TOKEN', this.token);
    const { reference: base } = await ensureBaseImage('node', { say: () => {} });
    const mitmproxy = await this.#build('mitmproxy', { BASE_IMAGE: base }).catch((error: unknown) => {
      this.lacks = `Debian’s mitmproxy cannot be installed here: ${messageOf(error).trim().split('\n').at(-1)}`;
    });
    if (!mitmproxy) {
      // The reporter does not show why tests are skipped.
      process.stderr.write(`skipped: an intercepting proxy behind egress: ${this.lacks}\n`);
      return;
    }
    vi.stubEnv('BOT_BOTTLE_PIPELOCK_IMAGE', await this.#build('pipelock', { BASE_IMAGE: base }));
    const variant = await ensurePipelockBundleImage(() => {}, new AbortController().signal);
    this.#images.push(variant);
    this.#image = await this.#build('bundle', { BASE_IMAGE: mitmproxy, BUNDLE_IMAGE: variant });
    // Set only now, because image builds would use it too, and it is not a CA of this machine's network.
    vi.stubEnv('NODE_EXTRA_CA_CERTS', roots);
    await docker(['network', 'create', this.#network]);
    await this.#startOrigin();
  }

  async tearDown(): Promise<void> {
    vi.unstubAllEnvs();
    for (const container of [this.#bundle, this.#origin]) await dockerTry(['rm', '--force', container]);
    await dockerTry(['network', 'rm', this.#network]);
    for (const image of this.#images.toReversed()) await dockerTry(['image', 'rm', '--force', image]);
    await rm(this.#home, { recursive: true, force: true });
  }

  /** Starts the bundle like `start-bundle`, after applying `change` to each argument of `docker run`. */
  async start(
    routes: 'one' | 'none',
    change: (argument: string) => string = (same) => same,
  ): Promise<number> {
    await dockerTry(['rm', '--force', this.#bundle]);
    const plan = this.#plan(routes);
    const file = stringify({ version: 1, routes: plan.egress.routes });
    await mkdir(bottlePaths.egress(this.#slug), { recursive: true });
    await writeFile(join(bottlePaths.egress(this.#slug), 'routes.yaml'), file);
    const config = join(bottlePaths.pipelock(this.#slug), 'pipelock.yaml');
    await writeAtomically(config, stringify(pipelockConfig(plan.egress)));
    const certs = await mintCerts.run({
      slug: this.#slug,
      signal: new AbortController().signal,
      force: false,
      say: () => {},
      read: async (phase) => phase.record.parse(plan),
      willUndo: async () => async () => {},
    });
    this.certs = certs;
    const allocation = { alias: ALIAS, network: this.#network };
    const args = await runArguments({
      plan,
      allocation,
      certs,
      image: this.#image,
      security: PLAIN_SECURITY,
    });
    const secrets = await bundleSecrets(plan);
    this.#nonce = secrets[SELFTEST_NONCE_ENV] ?? '';
    await docker(args.map(change), { env: secrets });
    await awaitHealthy(this.#bundle, new AbortController().signal);
    const found = await findContainer(this.#bundle);
    const port = found && hostPortOf(found, routes === 'one' ? 9099 : 8888, ALIAS);
    if (port === undefined) throw new Error('the bundle does not publish the guest’s proxy');
    return port;
  }

  ask(proxyPort: number, ca: string, path = '/v1/x'): Promise<Reply> {
    const target = `${ORIGIN}:${ORIGIN_PORT}`;
    return fetchVia({ proxyPort, target, ca, path, headers: { authorization: 'Bearer stolen' } });
  }

  /** Returns whether the selftest upstream is reachable and receives this launch's nonce. */
  async proves(proxyPort: number, ca: string): Promise<boolean> {
    const challenge = randomBytes(16).toString('hex');
    const target = `${SELFTEST_HOST}:443`;
    const { body } = await fetchVia({ proxyPort, target, ca, path: `/prove?challenge=${challenge}` });
    return JSON.parse(body).proof === createHmac('sha256', this.#nonce).update(challenge).digest('hex');
  }

  /** Returns the requests that have reached the origin so far. */
  async atOrigin(): Promise<{ url: string; authorization: string | null }[]> {
    const { stdout } = await dockerTry(['logs', this.#origin]);
    return stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
  }

  async log(): Promise<string> {
    const { stdout, stderr } = await dockerTry(['logs', this.#bundle]);
    return `${stdout}\n${stderr}`;
  }

  async address(): Promise<string> {
    return (await findContainer(this.#bundle))?.addresses[this.#network] ?? '';
  }

  /** Returns whether another container on the bundle's bridge can connect to one of its ports. */
  async isOpenToNeighbors(port: number): Promise<boolean> {
    const program = `require('net').connect(${port},'${await this.address()}').on('connect',()=>process.exit(0)).on('error',()=>process.exit(9))`;
    const tried = await dockerTry(['exec', this.#origin, 'node', '-e', program]);
    return tried.exitCode === 0;
  }

  exec(...command: string[]): Promise<string> {
    return docker(['exec', this.#bundle, ...command]);
  }

  #plan(routes: 'one' | 'none'): Plan {
    const auth = { scheme: 'Bearer' as const, slot: 'EGRESS_TOKEN_0' };
    return {
      slug: this.#slug,
      agent: { name: 'hop', file: '/hop.md', origin: 'home' },
      skills: [],
      bottle: { name: 'hop', file: '/hop.md' },
      smolvm: { path: '/smolvm', version: [1, 9, 3], tier: 'socket', fake: true },
      names: { machine: 'none', network: this.#network, bundle: this.#bundle },
      image: { kind: 'reference', reference: 'none' },
      handoff: 'archive',
      provider: {
        template: 'command',
        command: ['x'],
        user: 'node',
        home: '/home/node',
        mcpServers: {},
      },
      hasPrompt: false,
      environment: { literals: {}, forwarded: {}, files: {}, prompted: {} },
      git: [],
      egress: {
        log: 0,
        learn: false,
        routes: routes === 'one' ? [{ host: ORIGIN, port: ORIGIN_PORT, private: true, auth }] : [],
        tokens: routes === 'one' ? { EGRESS_TOKEN_0: 'HOP_TEST_TOKEN' } : {},
      },
      daemons: ['selftest', 'egress', 'pipelock'],
    };
  }

  async #build(name: string, buildArguments: Record<string, string>): Promise<string> {
    const tag = `bot-bottle-test-hop-${name}:${this.#id}`;
    this.#images.push(tag);
    const dockerfile = join(RECIPES, `${name}.Dockerfile`);
    await buildImage({ tag, dockerfile, context: RECIPES, labels: {}, buildArguments, say: () => {} });
    return tag;
  }

  async #startOrigin(): Promise<void> {
    const { cert, key } = await this.#world.leaf(ORIGIN);
    const args = [
      ...['run', '--detach', '--init', '--name', this.#origin, '--network', this.#network],
      ...['--network-alias', ORIGIN, '--env', 'CERT', '--env', 'KEY'],
      ...['--entrypoint', 'node', this.#image, '-e', ORIGIN_PROGRAM],
    ];
    await docker(args, { env: { CERT: cert, KEY: key } });
    for (let tries = 0; tries < 100; tries += 1) {
      if ((await dockerTry(['logs', this.#origin])).stdout.includes('listening')) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('the origin is not listening');
  }
}
