import { stat } from 'node:fs/promises';
import { pendingUndo } from '../../bottle/journal.ts';
import { listBottles } from '../../bottle/list.ts';
import { type BottleMetadata, readMetadata } from '../../bottle/metadata.ts';
import { bottleDirectory } from '../../bottle/paths.ts';
import { readRecord } from '../../bottle/records.ts';
import { readHealth } from '../../bundle/health.ts';
import { type LabeledContainer, listContainers } from '../../docker/container.ts';
import { messageOf } from '../../errors.ts';
import { printable } from '../../host/printable.ts';
import { isProcessAlive } from '../../host/process-identity.ts';
import { PHASES } from '../../phases/graph.ts';
import { startBundle } from '../../phases/start-bundle.ts';
import { bundleName } from '../../plan/names.ts';
import { planSchema } from '../../plan/schema.ts';
import { describeSession, listSessions } from '../../sessions/registry.ts';
import { CostMeter } from './costs.ts';

const BEING_MADE_MS = 5_000;

export interface BottleStatus {
  slug: string;
  agent: string;
  /** The operator's label and its color; empty for none. */
  label: string;
  color: string;
  /** The bottle from whose freeze it was made; empty for none. */
  parent: string;
  /** UTC, ISO 8601; empty when not known. */
  since: string;
  /**
   * `launching`: a launch supervises it; `orphaned`: its launch died; `up`: brought up by hand; `kept`:
   * nothing is running, but its state was kept; `broken`: its state cannot be read.
   */
  state: 'launching' | 'up' | 'orphaned' | 'kept' | 'broken';
  /** The last phase that ran; empty for none. */
  phase: string;
  /** State of each daemon; of `bundle` instead, such as `exited` or `gone`, when there should be one and is not. */
  daemons: Readonly<Record<string, string>>;
  /** Host addresses that the bundle publishes. */
  ports: string;
  /** How many resources teardown would remove. */
  acquired: number;
  /** The sessions that are going on, such as `agent (detached)`. */
  sessions: readonly string[];
  /** Bytes of the guest and the bundle, and bytes of the disk; null when not known. */
  memory: number | null;
  disk: number | null;
}

/** Returns the status of every bottle that has state, sorted by name. */
export async function bottleStatuses(): Promise<BottleStatus[]> {
  const [slugs, containers] = await Promise.all([listBottles(), listContainers()]);
  const meter = new CostMeter();
  return Promise.all(slugs.map((slug) => statusOf(slug, containers, meter)));
}

async function statusOf(
  slug: string,
  containers: readonly LabeledContainer[],
  meter: CostMeter,
): Promise<BottleStatus> {
  try {
    const [metadata, pending, phase, sessions, prepared, started] = await Promise.all([
      readMetadata(slug),
      pendingUndo(slug),
      lastPhase(slug),
      listSessions(slug),
      readRecord(slug, 'prepare', planSchema),
      readRecord(slug, startBundle.name, startBundle.record),
    ]);
    const bundle = containers.find((container) => container.name === bundleName(slug));
    const isRunning = bundle?.state === 'running';
    const plan = pending.length === 0 ? undefined : prepared?.data;
    const [daemons, costs] = await Promise.all([
      isRunning ? daemonsOf(bundle.name) : deadBundle(bundle, pending.length > 0 && started !== undefined),
      meter.costsOf(slug, plan, isRunning),
    ]);
    return {
      slug,
      agent: metadata?.agent_name ?? '',
      label: printable(metadata?.label ?? ''),
      color: metadata?.color ?? '',
      parent: printable(metadata?.parent ?? ''),
      since: metadata?.started_at ?? '',
      state: await stateOf(slug, metadata, pending.length),
      phase,
      daemons,
      ports: bundle?.ports ?? '',
      acquired: pending.length,
      sessions: sessions.map(describeSession),
      memory: costs.memoryBytes ?? null,
      disk: costs.diskBytes ?? null,
    };
  } catch (error) {
    return {
      slug,
      agent: '',
      label: '',
      color: '',
      parent: '',
      since: '',
      state: 'broken',
      phase: messageOf(error).split('\n')[0] ?? '',
      daemons: {},
      ports: '',
      acquired: 0,
      sessions: [],
      memory: null,
      disk: null,
    };
  }
}

/** A session that goes on without a bundle has no network. */
function deadBundle(bundle: LabeledContainer | undefined, isExpected: boolean): Record<string, string> {
  return isExpected ? { bundle: bundle?.state ?? 'gone' } : {};
}

async function daemonsOf(bundle: string): Promise<Record<string, string>> {
  const health = await readHealth(bundle);
  return Object.fromEntries((health?.daemons ?? []).map(({ name, state }) => [name, state]));
}

async function stateOf(
  slug: string,
  metadata: BottleMetadata | undefined,
  acquired: number,
): Promise<BottleStatus['state']> {
  if (metadata === undefined) return (await isBeingMade(slug)) ? 'launching' : 'broken';
  const { owner } = metadata;
  if (owner !== null) return (await isProcessAlive(owner)) ? 'launching' : 'orphaned';
  return acquired === 0 ? 'kept' : 'up';
}

/** A launch makes a bottle's directory first, and its metadata at once after it. */
async function isBeingMade(slug: string): Promise<boolean> {
  const made = await stat(bottleDirectory(slug));
  return Date.now() - made.mtimeMs < BEING_MADE_MS;
}

async function lastPhase(slug: string): Promise<string> {
  const records = await Promise.all(PHASES.map(({ name, record }) => readRecord(slug, name, record)));
  const done = records.flatMap((record) => record ?? []);
  return done.toSorted((a, b) => a.at.localeCompare(b.at)).at(-1)?.phase ?? '';
}
