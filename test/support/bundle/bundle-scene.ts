import { createHmac, randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import { ensureBundleImage } from '../../../lib/bundle/image.ts';
import { AUDITS } from '../../../lib/daemons/contract/audit-files.ts';
import { type AuditEntry, auditEntry } from '../../../lib/daemons/contract/egress/audit.ts';
import { type BundleHealth, bundleHealth } from '../../../lib/daemons/contract/init/health.ts';
import { DAEMONS_ENV, SLUG_ENV } from '../../../lib/daemons/contract/names.ts';
import { CONTAINER_PATHS } from '../../../lib/daemons/contract/paths.ts';
import { SELFTEST_HOST, SELFTEST_NONCE_ENV } from '../../../lib/daemons/contract/selftest/selftest.ts';
import { type DockerResult, docker, dockerTry } from '../../../lib/docker/cli.ts';
import { labelArguments } from '../../../lib/docker/labels.ts';
import { fetchVia } from '../egress/agent.ts';
import { testAuthority } from '../egress/authority.ts';

const CTL = '/app/init/ctl.mjs';
const ROUTES =
  'version: 1\nlog: 2\nroutes:\n  - host: api.example.com\n    auth: { scheme: Bearer, slot: EGRESS_TOKEN_0 }\n';

/** Owner of the mounted files, whom a launch runs the bundle as. */
export const HOST_USER = process.getuid?.() ?? 0;

export interface BundleOptions {
  readonly daemons?: string;
  readonly routes?: string;
  readonly user?: number;
  /** Directory with `ca.pem`; the scene's own when absent. */
  readonly ca?: string;
}

/** Shared setup for tests of the real container: image, mounted directories, secrets and a network. */
export class BundleScene {
  readonly nonce = randomBytes(32).toString('hex');
  readonly token = `tok-${randomBytes(16).toString('hex')}`;
  readonly network = `bot-bottle-bundle-test-${randomBytes(4).toString('hex')}`;
  readonly bottle = testAuthority('the CA of a bottle');
  image = '';
  directory = '';
  #container: string | undefined;
  #audit = '';

  async setUp(): Promise<void> {
    this.directory = await mkdtemp(join(tmpdir(), 'bundle-'));
    vi.stubEnv('BOT_BOTTLE_CACHE', join(this.directory, 'cache'));
    this.image = await ensureBundleImage(() => {}, new AbortController().signal);
    await mkdir(join(this.directory, 'egress'));
    await this.writeAuthority('ca');
    await docker(['network', 'create', ...labelArguments('network', 'test'), this.network]);
  }

  async tearDown(): Promise<void> {
    vi.unstubAllEnvs();
    await dockerTry(['network', 'rm', this.network]);
    await rm(this.directory, { recursive: true, force: true });
  }

  async removeContainer(): Promise<void> {
    if (this.#container !== undefined) await dockerTry(['rm', '--force', '--volumes', this.#container]);
    this.#container = undefined;
  }

  /** Creates a directory with the bottle's CA that only its owner can access. */
  async writeAuthority(name: string): Promise<string> {
    const directory = join(this.directory, name);
    await mkdir(directory, { mode: 0o700 });
    await writeFile(join(directory, 'ca.pem'), this.bottle.certificate + this.bottle.keyPem, { mode: 0o600 });
    return directory;
  }

  writeRoutes(text: string): Promise<void> {
    return writeFile(join(this.directory, 'egress', 'routes.yaml'), text);
  }

  /** Starts a bundle like a launch does: as the owner of its files, read-only, without capabilities. */
  async run(options: BundleOptions = {}): Promise<string> {
    const { daemons = 'selftest,egress', user = HOST_USER } = options;
    await this.writeRoutes(options.routes ?? ROUTES);
    this.#audit = await mkdtemp(join(this.directory, 'audit-'));
    // Some tests run the bundle as a different user.
    await chmod(this.#audit, 0o777);
    const container = `bot-bottle-sidecars-test-${randomBytes(4).toString('hex')}`;
    this.#container = container;
    const mount = (from: string, to: string) => ['--mount', `type=bind,source=${from},target=${to},readonly`];
    const args = [
      ...['run', '--detach', '--init', '--name', container, '--network', this.network],
      ...labelArguments('bundle', 'test'),
      ...['--user', `${user}:${user}`, '--read-only', '--cap-drop', 'ALL'],
      ...['--security-opt', 'no-new-privileges', '--tmpfs', `${CONTAINER_PATHS.run}:mode=1777,size=16m`],
      ...mount(join(this.directory, 'egress'), CONTAINER_PATHS.egressConfig),
      ...mount(options.ca ?? join(this.directory, 'ca'), CONTAINER_PATHS.ca),
      ...['--mount', `type=bind,source=${this.#audit},target=${CONTAINER_PATHS.audit}`],
      ...['--env', `${SLUG_ENV}=demo-a1b2c`],
      ...['--env', `${DAEMONS_ENV}=${daemons}`, '--env', SELFTEST_NONCE_ENV, '--env', 'EGRESS_TOKEN_0'],
      ...['--publish', '127.0.0.1::9099', this.image],
    ];
    await docker(args, { env: { [SELFTEST_NONCE_ENV]: this.nonce, EGRESS_TOKEN_0: this.token } });
    return container;
  }

  /** Starts a bundle, waits until it is ready, and returns the host port of egress. */
  async ready(options: BundleOptions = {}): Promise<{ bundle: string; port: number }> {
    const bundle = await this.run(options);
    const waited = await ctl(bundle, 'wait', '20');
    expect(waited, (await logsOf(bundle)).all).toMatchObject({ exitCode: 0 });
    const published = await docker(['port', bundle, '9099/tcp']);
    return { bundle, port: Number(published.split('\n')[0]?.split(':').at(-1)) };
  }

  /** Reads the audit log of egress. */
  async audit(): Promise<AuditEntry[]> {
    const names = (await readdir(this.#audit))
      .filter((name) => AUDITS.egress.numberOf(name) !== undefined)
      .sort();
    const texts = await Promise.all(names.map((name) => readFile(join(this.#audit, name), 'utf8')));
    const lines = texts.join('').split('\n').slice(0, -1);
    return lines.map((line) => auditEntry.parse(JSON.parse(line)));
  }

  /** Sends a request to the selftest upstream through egress, like the guest's probe. */
  async prove(port: number): Promise<{ status: number | undefined; proof: unknown; expected: string }> {
    const challenge = randomBytes(16).toString('hex');
    const reply = await fetchVia({
      proxyPort: port,
      target: `${SELFTEST_HOST}:443`,
      ca: this.bottle.certificate,
      path: `/prove?challenge=${challenge}`,
      headers: { authorization: 'Bearer of-the-agent' },
    });
    return {
      status: reply.status,
      proof: JSON.parse(reply.body).proof,
      expected: createHmac('sha256', this.nonce).update(challenge).digest('hex'),
    };
  }
}

/** Creates a scene and registers its hooks in the calling test file. */
export function bundleScene(): BundleScene {
  const scene = new BundleScene();
  beforeAll(() => scene.setUp());
  afterEach(() => scene.removeContainer());
  afterAll(() => scene.tearDown());
  return scene;
}

/** Runs `ctl.ts` inside the bundle. */
export function ctl(bundle: string, ...args: string[]): Promise<DockerResult> {
  return dockerTry(['exec', bundle, 'node', CTL, ...args]);
}

export async function healthOf(bundle: string): Promise<BundleHealth> {
  return bundleHealth.parse(JSON.parse((await ctl(bundle, 'health')).stdout));
}

export async function logsOf(bundle: string): Promise<{ stdout: string; stderr: string; all: string }> {
  const { stdout, stderr } = await dockerTry(['logs', bundle]);
  return { stdout, stderr, all: `${stdout}\n${stderr}` };
}
