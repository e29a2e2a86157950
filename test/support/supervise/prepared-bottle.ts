import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:net';
import { delimiter, join } from 'node:path';
import { afterEach, vi } from 'vitest';
import { bottleDirectory, bottlePaths } from '../../../lib/bottle/paths.ts';
import { writeRecord } from '../../../lib/bottle/records.ts';
import { routesText } from '../../../lib/daemons/contract/egress/routes.ts';
import { PolicyFile } from '../../../lib/daemons/egress/policy/policy-file.ts';
import { listenForReload } from '../../../lib/daemons/shared/reload-socket.ts';
import { writeAtomically } from '../../../lib/host/files.ts';
import { preparedRoutes } from '../../../lib/plan/routes-file.ts';
import { type Plan, planSchema } from '../../../lib/plan/schema.ts';
import { BOTTLE } from './scene.ts';

export type PreparedBottle = Awaited<ReturnType<typeof prepareBottle>>;

const servers: Server[] = [];

/** Closes what `prepareBottle` has opened. Call it once in a file, beside `useTemporaryHome`. */
export function usePreparedBottles(): void {
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
}

/**
 * Prepares the bottle of all scenes as `prepare` does, with egress's own reading of its routes behind a `docker` that can
 * only ask it to reload.
 */
export async function prepareBottle(
  routes: Plan['egress']['routes'] = [],
  daemons: Plan['daemons'] = ['selftest', 'egress', 'supervise'],
  superviseMode?: Plan['superviseMode'],
) {
  const plan = { ...planOf(routes, daemons), ...(superviseMode === undefined ? {} : { superviseMode }) };
  await mkdir(bottlePaths.superviseQueue(BOTTLE), { recursive: true });
  const record = { phase: 'prepare', at: '2026-01-01T00:00:00.000Z', durationMs: 1, inputs: {}, data: plan };
  await writeRecord(BOTTLE, record);
  await writeAtomically(bottlePaths.routes(BOTTLE), routesText(preparedRoutes(plan)));
  const egress = new PolicyFile(bottlePaths.routes(BOTTLE), new Set());
  await egress.load();
  const socket = join(bottleDirectory(BOTTLE), 'egress.sock');
  servers.push(await listenForReload(socket, () => egress.reload()));
  const failure = join(bottleDirectory(BOTTLE), 'docker-says');
  await installDocker(socket, failure);
  return {
    egress,
    /** Routes in force, without the built-in one. */
    inForce: () =>
      [...egress.current.rules.provider.values(), ...egress.current.rules.bottle.values()]
        .flat()
        .flatMap(({ source }) => source ?? []),
    /** Makes every call of `docker` fail so; `undefined`: they work again. */
    failWith: (text: string | undefined) =>
      text === undefined ? rm(failure, { force: true }) : writeFile(failure, text),
  };
}

async function installDocker(socket: string, failure: string): Promise<void> {
  const bin = join(bottleDirectory(BOTTLE), 'bin');
  const ask = `require('node:net').connect(process.argv[1]).pipe(process.stdout)`;
  const script = [
    '#!/bin/sh',
    `if [ -e '${failure}' ]; then cat '${failure}' >&2; exit 1; fi`,
    `exec '${process.execPath}' -e "${ask}" '${socket}'`,
  ];
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'docker'), `${script.join('\n')}\n`);
  await chmod(join(bin, 'docker'), 0o755);
  vi.stubEnv('PATH', [bin, process.env.PATH ?? ''].join(delimiter));
}

function planOf(routes: Plan['egress']['routes'], daemons: Plan['daemons']): Plan {
  return planSchema.parse({
    slug: BOTTLE,
    agent: { name: 'demo', file: '/demo.md', origin: 'home' },
    skills: [],
    bottle: { name: 'demo', file: '/bottle.md' },
    smolvm: { path: '/bin/smolvm', version: [1, 9, 3], tier: 'socket', fake: true },
    names: { machine: 'm', network: 'n', bundle: 'b' },
    image: { kind: 'reference', reference: 'demo' },
    handoff: 'archive',
    provider: { template: 'command', command: [], mcpServers: {} },
    hasPrompt: false,
    environment: { literals: {}, forwarded: {}, prompted: {} },
    git: [],
    egress: { routes, log: 0, learn: false, tokens: {} },
    daemons,
  });
}
