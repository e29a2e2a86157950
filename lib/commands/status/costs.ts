import { execa } from 'execa';
import { bottleDirectory } from '../../bottle/paths.ts';
import { docker } from '../../docker/cli.ts';
import { childEnvironment } from '../../host/child-environment.ts';
import type { Plan } from '../../plan/schema.ts';
import { type MachineSummary, SmolvmClient } from '../../smolvm/client.ts';

/** What a bottle takes of the host, in bytes; undefined where that is not known. */
export interface Costs {
  /** Resident memory of the guest's VMM and of the bundle. */
  readonly memoryBytes: number | undefined;
  /** Of the bottle's state, and of smolvm's disks for it. */
  readonly diskBytes: number | undefined;
}

/** Milliseconds, after which a number is left out: `status` is for a quick look. */
const TIMEOUT_MS = 2_000;

/** What is shared by the costs of all bottles. */
export class CostMeter {
  readonly #machines = new Map<string, Promise<MachineSummary[]>>();
  #processes: Promise<readonly ProcessSize[]> | undefined;

  async costsOf(slug: string, plan: Plan | undefined, hasBundle: boolean): Promise<Costs> {
    const machine = plan === undefined ? undefined : await this.#machineOf(plan);
    const [guest, bundle, disk] = await Promise.all([
      machine?.pid ? this.#treeSize(machine.pid) : undefined,
      hasBundle && plan !== undefined ? containerSize(plan.names.bundle) : undefined,
      diskSize(slug, machine === undefined ? undefined : plan),
    ]);
    const isKnown = guest !== undefined || bundle !== undefined;
    return { memoryBytes: isKnown ? (guest ?? 0) + (bundle ?? 0) : undefined, diskBytes: disk };
  }

  async #machineOf({ smolvm, names }: Plan): Promise<MachineSummary | undefined> {
    const known = this.#machines.get(smolvm.path) ?? new SmolvmClient(smolvm).machineList().catch(() => []);
    this.#machines.set(smolvm.path, known);
    return (await known).find(({ name }) => name === names.machine);
  }

  async #treeSize(root: number): Promise<number> {
    this.#processes ??= processSizes();
    const processes = await this.#processes;
    const tree = new Set([root]);
    // Parents come first, since children have later numbers, but for when numbers begin anew.
    for (const { pid, parent } of processes) if (tree.has(parent)) tree.add(pid);
    return processes.reduce((sum, { pid, bytes }) => (tree.has(pid) ? sum + bytes : sum), 0);
  }
}

interface ProcessSize {
  readonly pid: number;
  readonly parent: number;
  readonly bytes: number;
}

async function processSizes(): Promise<ProcessSize[]> {
  const rows = await numbersOf('ps', ['-A', '-o', 'pid=,ppid=,rss=']);
  return rows
    .map(([pid = 0, parent = 0, kilobytes = 0]) => ({ pid, parent, bytes: kilobytes * 1024 }))
    .toSorted((a, b) => a.pid - b.pid);
}

/** `docker stats` would take two seconds for its own measure of the processor. */
async function containerSize(name: string): Promise<number | undefined> {
  const listed = await docker(['top', name, '-eo', 'pid,rss']).catch(() => undefined);
  if (listed === undefined) return undefined;
  const rows = listed.split('\n').map((row) => row.trim().split(/\s+/).map(Number));
  return rows.reduce((sum, [, kilobytes = 0]) => sum + (kilobytes || 0) * 1024, 0);
}

async function diskSize(slug: string, plan: Plan | undefined): Promise<number | undefined> {
  const client = plan && new SmolvmClient(plan.smolvm);
  const data = plan && (await client?.machineDataDirectory(plan.names.machine).catch(() => undefined));
  const rows = await numbersOf('du', ['-sk', bottleDirectory(slug), ...(data ? [data] : [])]);
  return rows.length === 0 ? undefined : rows.reduce((sum, [kilobytes = 0]) => sum + kilobytes * 1024, 0);
}

/** Returns the numbers at the start of each line that a program prints; none when it is missing or too slow. */
async function numbersOf(program: string, args: readonly string[]): Promise<number[][]> {
  const { stdout } = await execa(program, args, {
    ...{
      reject: false,
      timeout: TIMEOUT_MS,
      stderr: 'ignore',
      env: childEnvironment('plain'),
      extendEnv: false,
    },
  });
  const lines = (stdout ?? '').split('\n').filter((row) => /^\s*\d/.test(row));
  return lines.map((row) => row.trim().split(/\s+/).map(Number));
}
