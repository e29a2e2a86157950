import { parseDuration } from '../cli/values.ts';
import { messageOf, UsageError } from '../errors.ts';

/** Verbs as faults name them; `pack` is `pack create`. */
const VERBS = [
  'create',
  'start',
  'stop',
  'delete',
  'status',
  'ls',
  'exec',
  'shell',
  'cp',
  'update',
  'data-dir',
  'pack',
];
/** Verbs that leave something half done when killed in the middle. */
const MORTAL = ['create', 'start', 'stop', 'delete', 'exec', 'pack'];

/** The requested faults. Times are in milliseconds. */
export interface Faults {
  /** Delay before each verb. */
  readonly slow: ReadonlyMap<string, number>;
  readonly fail: ReadonlySet<string>;
  readonly hang: ReadonlySet<string>;
  readonly die: ReadonlySet<string>;
  /** Number of execs after a start that cannot connect. */
  readonly race: number;
  /** Number of execs after a start that are killed together with the main container. */
  readonly killed: number;
  readonly losesExit: boolean;
  /** Time from a start to the machine's silent death; undefined if it stays alive. */
  readonly vmDeath: number | undefined;
  /** How long another process locks the state DB. */
  readonly dbBusy: number;
  readonly diskFull: boolean;
}

/** Parses SMOLVM_FAKE_FAULTS: comma-separated `SUBJECT:FAULT[=VALUE]`. @throws UsageError for any typo. */
export function parseFaults(text: string): Faults {
  const given = new Map<string, string | undefined>();
  for (const item of text === '' ? [] : text.split(',')) {
    const [, key, value] = /^([a-z-]+:[a-z-]+)(?:=(.+))?$/.exec(item) ?? [];
    if (key === undefined) throw refused(item, 'expected SUBJECT:FAULT or SUBJECT:FAULT=VALUE');
    if (given.has(key)) throw refused(item, 'given twice');
    given.set(key, value);
  }
  const flag = (key: string): boolean => {
    const asked = given.has(key);
    if (given.get(key) !== undefined) throw refused(`${key}=${given.get(key)}`, 'takes no value');
    given.delete(key);
    return asked;
  };
  const number = (key: string, read: (value: string) => number): number | undefined => {
    if (!given.has(key)) return undefined;
    const value = given.get(key);
    given.delete(key);
    try {
      return read(value ?? '');
    } catch (error) {
      throw refused(value === undefined ? key : `${key}=${value}`, messageOf(error));
    }
  };
  const faults: Faults = {
    slow: new Map(VERBS.map((verb) => [verb, number(`${verb}:slow`, parseDuration) ?? 0])),
    fail: new Set(VERBS.filter((verb) => flag(`${verb}:fail`))),
    hang: new Set(VERBS.filter((verb) => flag(`${verb}:hang`))),
    die: new Set(MORTAL.filter((verb) => flag(`${verb}:die`))),
    race: number('exec:race', countOf) ?? 0,
    killed: number('exec:killed', countOf) ?? 0,
    losesExit: flag('exec:lose-exit'),
    vmDeath: number('vm:death', parseDuration),
    dbBusy: number('db:busy', parseDuration) ?? 0,
    diskFull: flag('disk:full'),
  };
  const [unknown] = given.keys();
  if (unknown !== undefined) throw refused(unknown, 'there is no such fault');
  return faults;
}

function countOf(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new Error('expected a number from 1 to 9999');
  return Number(text);
}

function refused(item: string, reason: string): UsageError {
  return new UsageError(`error: SMOLVM_FAKE_FAULTS: '${item}': ${reason}\n`);
}
