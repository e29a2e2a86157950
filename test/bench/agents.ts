#!/usr/bin/env node
// Measures, per provider, how long an operator waits: the build of the agent's image without any cached layer, and the time from
// `launch` to the agent's first prompt with an empty and with a filled cache of artifacts. Needs Docker, tmux and a smolvm
// of the socket tier (SMOLVM; by default the kit's fake 1.9.3). Model APIs are stand-ins.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { execa } from 'execa';
import { ensureBaseImage } from '../../lib/docker/base-images.ts';
import { withExtraCa } from '../../lib/docker/build-context.ts';
import { columns } from '../../lib/terminal/output.ts';
import { KIT, Sandbox } from '../support/kit.ts';
import { ModelApi } from '../support/model-api/start.ts';
import { Tmux } from '../support/tmux.ts';

/** What the screen shows when an agent awaits its first prompt. */
const AGENTS = {
  claude: { kind: 'oauth_token', ready: /bypass permissions/ },
  codex: { kind: 'api_key', ready: /permissions: YOLO/ },
  pi: { kind: 'anthropic_api_key', ready: /\(auto\)/ },
} as const;

const LAUNCH_TIMEOUT_MS = 300_000;

const seconds = (since: number) => (performance.now() - since) / 1000;

async function buildSeconds(template: string, base: string): Promise<number> {
  const tag = `bot-bottle-bench:${randomBytes(4).toString('hex')}`;
  const started = performance.now();
  await withExtraCa(join(KIT, 'lib', 'providers', template, 'image'), (context) =>
    execa('docker', [
      'build',
      '--no-cache',
      '--force-rm',
      '--tag',
      tag,
      '--build-arg',
      `BASE_IMAGE=${base}`,
      context,
    ]),
  );
  const took = seconds(started);
  await execa('docker', ['image', 'rm', tag]);
  return took;
}

/** Seconds from the launch to the first prompt; then leaves the agent and waits for the teardown. */
async function promptSeconds(user: Sandbox, template: string, ready: RegExp): Promise<number> {
  const tmux = new Tmux(user.env);
  try {
    const started = performance.now();
    await tmux.start([process.execPath, join(KIT, 'scripts', 'launch.ts'), '--agent', template, '--yes']);
    await tmux.shows(ready, LAUNCH_TIMEOUT_MS);
    const took = seconds(started);
    for (const key of ['C-c', 'C-c', 'C-d']) await tmux.keys(key);
    await tmux.shows(/nothing is left|state was kept|Pane is dead/, LAUNCH_TIMEOUT_MS);
    return took;
  } finally {
    await tmux.end();
  }
}

const api = new ModelApi();
await api.start();
const rows: string[][] = [];
try {
  const { reference: base } = await ensureBaseImage('node', { say: () => {} });
  for (const [template, { kind, ready }] of Object.entries(AGENTS)) {
    const user = new Sandbox();
    user.smolvm = process.env.SMOLVM ?? join(KIT, 'smolvm-fakes', 'bin', 'smolvm-1.9.3');
    Object.assign(user.env, { NODE_EXTRA_CA_CERTS: api.roots, TOKEN: 'a-token-of-no-use-0123456789' });
    const provider = `agent_provider: { template: ${template}, credential: { kind: ${kind}, token_ref: TOKEN } }`;
    await user.writeManifest('bottles', template, `---\n${provider}\n---\n`);
    await user.writeManifest('agents', template, `---\nbottle: ${template}\n---\nBe good.\n`);
    const stop = api.serve(user);
    const build = await buildSeconds(template, base);
    const times = [await promptSeconds(user, template, ready), await promptSeconds(user, template, ready)];
    stop();
    user.remove();
    rows.push([template, ...[build, ...times].map((time) => `${time.toFixed(1)} s`)]);
  }
} finally {
  await api.stop();
}
console.log(columns([['AGENT', 'IMAGE BUILD, NO CACHE', 'FIRST LAUNCH', 'LATER LAUNCH'], ...rows]));
