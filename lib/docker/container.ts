import { z } from 'zod';
import { docker, dockerError, dockerTry } from './cli.ts';
import { HOME_LABEL, KIND_LABEL, SLUG_LABEL } from './labels.ts';

const inspected = z.array(
  z.looseObject({
    Id: z.string(),
    State: z.looseObject({ Running: z.boolean(), ExitCode: z.number() }),
    NetworkSettings: z.looseObject({
      Networks: z.record(z.string(), z.looseObject({ IPAddress: z.string().default('') })),
      Ports: z
        .record(z.string(), z.array(z.looseObject({ HostIp: z.string(), HostPort: z.string() })).nullable())
        .nullish(),
    }),
  }),
);

export interface Container {
  id: string;
  running: boolean;
  exitCode: number;
  /** Address by network name. */
  addresses: Readonly<Record<string, string>>;
  /** Host bindings by container port, such as `9099/tcp`. */
  ports: Readonly<Record<string, readonly { hostIp: string; hostPort: number }[]>>;
}

export async function findContainer(name: string): Promise<Container | undefined> {
  const args = ['container', 'inspect', name];
  const result = await dockerTry(args);
  if (result.exitCode !== 0) {
    if (/no such container/i.test(result.stderr)) return undefined;
    throw dockerError(args, result);
  }
  const [found] = inspected.parse(JSON.parse(result.stdout));
  if (found === undefined) return undefined;
  const networks = Object.entries(found.NetworkSettings.Networks);
  const ports = Object.entries(found.NetworkSettings.Ports ?? {});
  return {
    id: found.Id,
    running: found.State.Running,
    exitCode: found.State.ExitCode,
    addresses: Object.fromEntries(networks.map(([network, entry]) => [network, entry.IPAddress])),
    ports: Object.fromEntries(
      ports.map(([port, bindings]) => [
        port,
        (bindings ?? []).map((binding) => ({ hostIp: binding.HostIp, hostPort: Number(binding.HostPort) })),
      ]),
    ),
  };
}

/** Returns the host port that publishes a container's TCP port at `hostIp`, if any. */
export function hostPortOf(container: Container, port: number, hostIp: string): number | undefined {
  return container.ports[`${port}/tcp`]?.find((binding) => binding.hostIp === hostIp)?.hostPort;
}

/** Removes a container, with `graceSeconds` between TERM and KILL. Idempotent. */
export async function removeContainer(name: string, graceSeconds: number): Promise<void> {
  const gone = /no such container|is already in progress/i;
  // `-t`, since `--time` has got another name in version 28. Whether that works or not, it is removed: a bundle that stays has tokens.
  if (graceSeconds > 0) await dockerTry(['stop', '-t', String(graceSeconds), name]);
  const args = ['rm', '--force', '--volumes', name];
  const removed = await dockerTry(args);
  if (removed.exitCode !== 0 && !gone.test(removed.stderr)) throw dockerError(args, removed);
}

export interface LabeledContainer {
  name: string;
  kind: string;
  /** Empty if no single bottle owns the container. */
  slug: string;
  /** Which home has the bottle's state, as `homeLabel`; empty for containers of older kits. */
  home: string;
  /** As reported by the engine: `running`, `exited`, `created`, … */
  state: string;
  /** Published ports, as printed by the engine. */
  ports: string;
}

const listed = z.looseObject({ Names: z.string(), State: z.string(), Ports: z.string() });

/** Lists the kit's containers, running or not. */
export async function listContainers(): Promise<LabeledContainer[]> {
  const format = `{"Names":{{json .Names}},"State":{{json .State}},"Ports":{{json .Ports}},"kind":{{json (.Label "${KIND_LABEL}")}},"slug":{{json (.Label "${SLUG_LABEL}")}},"home":{{json (.Label "${HOME_LABEL}")}}}`;
  const stdout = await docker([
    'ps',
    '--all',
    '--no-trunc',
    '--filter',
    `label=${KIND_LABEL}`,
    '--format',
    format,
  ]);
  const schema = listed.extend({ kind: z.string(), slug: z.string(), home: z.string() });
  const rows = stdout.split('\n').filter((line) => line !== '');
  return rows.map((line) => {
    const row = schema.parse(JSON.parse(line));
    return {
      name: row.Names,
      kind: row.kind,
      slug: row.slug,
      home: row.home,
      state: row.State,
      ports: row.Ports,
    };
  });
}

/** Returns the loopback addresses that any container, ours or not, publishes ports on. */
export async function publishedLoopbackAddresses(): Promise<Set<string>> {
  const ports = await docker(['ps', '--format', '{{.Ports}}']);
  return new Set(ports.match(/127\.\d+\.\d+\.\d+(?=:)/g) ?? []);
}
