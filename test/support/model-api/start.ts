import { randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { execa } from 'execa';
import { mintBottleCa } from '../../../lib/certs/bottle-ca.ts';
import { ensureBaseImage } from '../../../lib/docker/base-images.ts';
import type { Sandbox } from '../kit.ts';
import { leafOf } from '../leaf.ts';
import type { Json } from './turn.ts';

/** The hosts for which the stand-in answers, with a certificate for just these. */
const [FIRST_HOST, ...MORE_HOSTS] = [
  'api.anthropic.com',
  'api.openai.com',
  'chatgpt.com',
  'generativelanguage.googleapis.com',
  'mcp.example.com',
];

export interface ReceivedRequest {
  host: string;
  /** The method; `UPGRADE` and `MESSAGE` for a WebSocket. */
  kind: string;
  path: string;
  headers: Record<string, string>;
  body: Json;
}

/** A stand-in for model APIs on a network of its own, whose names resolve for the bundles that join it. */
export class ModelApi {
  readonly #directory = mkdtempSync(join(tmpdir(), 'bk-api-'));
  readonly #name = `bk-model-api-${randomInt(1e9)}`;

  /** PEM file with the roots of this machine and that of the stand-in, for `NODE_EXTRA_CA_CERTS`. */
  get roots(): string {
    return join(this.#directory, 'roots.pem');
  }

  async start(): Promise<void> {
    await build({
      entryPoints: [join(import.meta.dirname, 'main.ts')],
      outfile: join(this.#directory, 'main.mjs'),
      ...{ bundle: true, platform: 'node', format: 'esm' },
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
    });
    const ca = await mintBottleCa('model-api');
    const leaf = leafOf(ca, FIRST_HOST ?? '', { moreHosts: MORE_HOSTS, lifetimeMs: 3_600_000 });
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
      ...[FIRST_HOST ?? '', ...MORE_HOSTS].flatMap((host) => ['--network-alias', host]),
      ...['--mount', `type=bind,source=${this.#directory},target=/api`],
      ...[reference, 'node', '/api/main.mjs', '/api'],
    ]);
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
  received(): ReceivedRequest[] {
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
