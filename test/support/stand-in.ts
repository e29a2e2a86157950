import { randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { execa } from 'execa';
import { mintBottleCa } from '../../lib/certs/bottle-ca.ts';
import { ensureBaseImage } from '../../lib/docker/base-images.ts';
import type { Sandbox } from './kit.ts';
import { leafOf } from './leaf.ts';

/**
 * A TLS server on a network of its own that plays hosts of the internet: their names resolve for the bundles that join it. Its
 * program gets a directory as its argument, serves port 443 with `leaf.pem`, prints `listening`, and appends what it receives to
 * `requests.jsonl`.
 */
export class StandIn<Received> {
  readonly #program: string;
  readonly #hosts: readonly string[];
  readonly #directory = mkdtempSync(join(tmpdir(), 'bk-stand-in-'));
  readonly #name = `bk-stand-in-${randomInt(1e9)}`;

  /** @param program absolute path of its TypeScript. @param hosts the names for which it answers. */
  constructor(program: string, hosts: readonly string[]) {
    this.#program = program;
    this.#hosts = hosts;
  }

  /** PEM file with the roots of this machine and that of the stand-in, for `NODE_EXTRA_CA_CERTS`. */
  get roots(): string {
    return join(this.#directory, 'roots.pem');
  }

  /** Address of the stand-in on its network; empty before `start`. */
  address = '';

  async start(): Promise<void> {
    await build({
      entryPoints: [this.#program],
      outfile: join(this.#directory, 'main.mjs'),
      ...{ bundle: true, platform: 'node', format: 'esm' },
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
    });
    const ca = await mintBottleCa('stand-in');
    const [first = '', ...moreHosts] = this.#hosts;
    const leaf = leafOf(ca, first, { moreHosts, lifetimeMs: 3_600_000 });
    const machine = process.env.NODE_EXTRA_CA_CERTS;
    writeFileSync(join(this.#directory, 'leaf.pem'), leaf.key + leaf.cert);
    writeFileSync(this.roots, (machine ? `${readFileSync(machine, 'utf8')}\n` : '') + ca.certificatePem);
    writeFileSync(join(this.#directory, 'requests.jsonl'), '');
    const { reference } = await ensureBaseImage('node', { say: () => {} });
    // Egress refuses private addresses, so the network has one that looks public. Nothing is sent there.
    const subnet = `44.128.${randomInt(256)}.0/24`;
    await execa('docker', ['network', 'create', '--internal', '--subnet', subnet, this.#name]);
    await execa('docker', [
      ...['run', '--detach', '--name', this.#name, '--network', this.#name],
      ...this.#hosts.flatMap((host) => ['--network-alias', host]),
      ...['--mount', `type=bind,source=${this.#directory},target=/api`],
      ...[reference, 'node', '/api/main.mjs', '/api'],
    ]);
    const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
    this.address = (await execa('docker', ['inspect', '--format', format, this.#name])).stdout;
    while (!(await execa('docker', ['logs', this.#name])).stdout.includes('listening')) await sleep(100);
  }

  /** Lets the bundles of a user's bottles reach the stand-in, until the returned function is called. */
  serve(user: Sandbox): () => void {
    const stop = new AbortController();
    const join = async () => {
      while (!stop.signal.aborted) {
        for (const slug of await user.bottles()) {
          const container = `bot-bottle-sidecars-${slug}`;
          await execa('docker', ['network', 'connect', this.#name, container], { reject: false });
        }
        await sleep(300);
      }
    };
    void join();
    return () => stop.abort();
  }

  /** Everything that it received since the last call. */
  received(): Received[] {
    const file = join(this.#directory, 'requests.jsonl');
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    writeFileSync(file, '');
    return lines.map((line) => JSON.parse(line));
  }

  async stop(): Promise<void> {
    await execa('docker', ['rm', '--force', this.#name], { reject: false });
    await execa('docker', ['network', 'rm', this.#name], { reject: false });
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
