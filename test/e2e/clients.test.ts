import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBaseImage } from '../../lib/docker/base-images.ts';
import { withExtraCa } from '../../lib/docker/build-context.ts';
import { buildImage } from '../../lib/docker/image.ts';
import { shellWord } from '../../lib/guest/shell-script.ts';
import { CLIENTS } from '../support/clients/clients.ts';
import { KIT, useSandboxes } from '../support/kit.ts';
import { StandIn } from '../support/stand-in.ts';

/** The image with compilers and a JDK is 1.5 GB bigger. */
const ALL = process.env.BOT_BOTTLE_TEST_ALL_CLIENTS === '1';
const SUPPORT = join(KIT, 'test', 'support', 'clients');
const HOSTS = [...new Set(CLIENTS.map(({ asks }) => asks.replace(/\/.*/, '')))];
/** How a script says that its program is not in the image. */
const MISSING = 75;

const sandbox = useSandboxes();
const upstream = new StandIn<{ name: string; program: string }>(join(SUPPORT, 'main.ts'), HOSTS);

interface Outcome {
  exitCode: number;
  printed: string;
}
const outcomes = new Map<string, Outcome>();
const asked = new Set<string>();

async function build(): Promise<string> {
  const base = await ensureBaseImage('node', { say: () => {} });
  const make = (tag: string, file: string, from: string) =>
    withExtraCa(SUPPORT, (context) =>
      buildImage({
        ...{ tag, context, labels: {}, buildArguments: { BASE_IMAGE: from }, say: () => {} },
        dockerfile: join(context, file),
      }),
    );
  await make('bk-test-clients', 'Dockerfile', base.reference);
  if (!ALL) return 'bk-test-clients';
  await make('bk-test-all-clients', 'heavy.Dockerfile', 'bk-test-clients');
  return 'bk-test-all-clients';
}

const ZONE = { name: 'zone and locale', script: 'date -d @1750000000 +%H:%M; echo "$TZ $LANG $LC_ALL"' };

/** All clients in one bottle, one after the other; each says how it ended. */
const script = [ZONE, ...CLIENTS.filter(({ heavy }) => ALL || !heavy)]
  .map(
    ({ name, script }) =>
      `d=$(mktemp -d); cd "$d"; timeout 60 sh -c ${shellWord(script)} 2>&1; printf '\\n### %s %s\\n' "$?" ${shellWord(name)}`,
  )
  .join('\n');

beforeAll(async () => {
  await upstream.start();
  const user = sandbox();
  user.smolvm = join(KIT, 'smolvm-fakes', 'bin', 'smolvm-1.9.3');
  const routes = HOSTS.map((host) => `    - {host: ${host}, git: {fetch: true}}\n`).join('');
  await user.writeAgent('clients', ['sh', '-c', script], `egress:\n  routes:\n${routes}`);
  const leave = upstream.serve(user);
  const image = await build();
  const host = { TZ: 'Asia/Tokyo', LANG: 'xx_YY.UTF-8', LC_ALL: 'C.UTF-8' };
  const env = { BOT_BOTTLE_IMAGE: image, NODE_EXTRA_CA_CERTS: upstream.roots, ...host };
  const { stdout, stderr, exitCode } = await user.run('launch', ['--agent', 'clients'], env);
  leave();
  expect(exitCode, stderr + stdout).toBe(0);
  for (const [, printed = '', code, name = ''] of stdout.matchAll(/([\s\S]*?)\n### (\d+) (.+)\n/g)) {
    outcomes.set(name, { exitCode: Number(code), printed });
  }
  for (const { name } of upstream.received()) asked.add(name);
}, 600_000);
afterAll(() => upstream.stop());

describe('a client in a bottle reaches a TLS upstream through egress, without any settings of its own', () => {
  for (const { name, prints, asks, heavy } of CLIENTS) {
    const isLeftOut = heavy && !ALL;
    it.skipIf(isLeftOut)(
      isLeftOut ? `${name} (skipped: only with BOT_BOTTLE_TEST_ALL_CLIENTS=1)` : name,
      (context) => {
        const outcome = outcomes.get(name);
        if (outcome?.exitCode === MISSING) context.skip('its package could not be had');
        expect(outcome?.printed).toMatch(prints);
        expect(outcome?.exitCode).toBe(0);
        expect(asked).toContain(asks);
      },
    );
  }
});

it('the guest has the zone and the locale of the host as far as its image knows them', () => {
  expect(outcomes.get(ZONE.name)?.printed.trim()).toBe('00:06\nAsia/Tokyo C.UTF-8 C.UTF-8');
});
