import { columns } from '../../../lib/terminal/output.ts';
import { CONNECTIONS, type EngineRound } from './measures.ts';

/** The results of one run; what could not be measured on this machine is absent. */
export interface Results {
  /** Rounds of each engine by name, including `direct`. */
  readonly engines: Readonly<Record<string, readonly EngineRound[]>>;
  readonly scan: readonly ScanCost[];
  readonly decisionMicroseconds: number;
  readonly swapMs: readonly number[];
  readonly startMs: readonly number[];
  readonly held: {
    readonly peakMb: number;
    readonly slowest: number;
    readonly p50: number;
    readonly seconds: number;
  };
}

/** Milliseconds per body, by size. */
export interface ScanCost {
  readonly size: string;
  readonly clean: number;
  readonly worst: { readonly name: string; readonly ms: number };
}

export interface Goal {
  readonly goal: string;
  readonly measured: string;
  /** `undefined` if the engine to compare with was not measured. */
  readonly met: boolean | undefined;
}

export function median(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined && !Number.isNaN(value)).toSorted();
  const sorted = known.toSorted((one, other) => (one ?? 0) - (other ?? 0));
  return sorted[Math.floor(sorted.length / 2)];
}

const number = (value: number | undefined, digits = 0) => (value === undefined ? '–' : value.toFixed(digits));

/** The medians of one engine's rounds: one line of the report. */
export interface Summary {
  readonly name: string;
  /** By number of connections, in the order of `CONNECTIONS`. */
  readonly perSecond: readonly (number | undefined)[];
  /** Over HTTP/2, at 16 streams on one connection. */
  readonly http2: number | undefined;
  /** Milliseconds added to the direct connection in the same round, at one connection. */
  readonly addedP50: number | undefined;
  readonly addedP99: number | undefined;
  /** Microseconds of the engine's processor time per request. */
  readonly cpu: number | undefined;
  readonly coldCpu: number | undefined;
  readonly freshMs: number | undefined;
  readonly down: number | undefined;
  readonly up: number | undefined;
  readonly idleMb: number | undefined;
  readonly peakMb: number | undefined;
  readonly afterMb: number | undefined;
  readonly openMs: number | undefined;
}

export function summaries({ engines }: Results): Summary[] {
  const direct = engines.direct ?? [];
  return Object.entries(engines).map(([name, rounds]) => {
    const of = (key: Exclude<keyof EngineRound, 'rates'>) => median(rounds.map((round) => round[key]));
    const added = (key: 'p50' | 'p99') => {
      if (name === 'direct') return undefined;
      return median(
        rounds.map(({ rates }, index) => {
          const own = rates[0]?.[key];
          const bare = direct[index]?.rates[0]?.[key];
          return own === undefined || bare === undefined ? undefined : own - bare;
        }),
      );
    };
    return {
      name,
      perSecond: CONNECTIONS.map((_, place) => median(rounds.map(({ rates }) => rates[place]?.perSecond))),
      http2: of('http2'),
      addedP50: added('p50'),
      addedP99: added('p99'),
      cpu: of('cpu'),
      coldCpu: of('coldCpu'),
      freshMs: of('freshMs'),
      down: of('down'),
      up: of('up'),
      idleMb: of('idleMb'),
      peakMb: of('peakMb'),
      afterMb: of('afterMb'),
      openMs: of('openMs'),
    };
  });
}

export function goalsOf(results: Results): Goal[] {
  const all = summaries(results);
  const at16 = (name: string) => all.find((summary) => summary.name === name)?.perSecond[1];
  const ours = all.find(({ name }) => name === 'egress');
  const ratio = (name: string, other: string) => {
    const [mine, theirs] = [at16(name), at16(other)];
    return mine === undefined || theirs === undefined ? undefined : mine / theirs;
  };
  const below = (goal: string, value: number | undefined, limit: number, unit: string): Goal => ({
    goal,
    measured: `${number(value, value !== undefined && value < 10 ? 2 : 0)} ${unit}`,
    met: value === undefined ? undefined : value < limit,
  });
  const times = (goal: string, value: number | undefined, least: number): Goal => ({
    goal,
    measured: value === undefined ? 'not measured' : `${value.toFixed(2)} x`,
    met: value === undefined ? undefined : value >= least,
  });
  const tenKb = results.scan.find(({ size }) => size === '10 KB');
  return [
    times('requests/s at 16, DLP on: 10 x mitmproxy', ratio('egress', 'mitmproxy'), 10),
    times('requests/s at 16, DLP off: 1 x squid', ratio('egress, DLP off', 'squid'), 1),
    below('added p50 under 0.5 ms', ours?.addedP50, 0.5, 'ms'),
    below('DLP on 10 KB clean under 0.3 ms', tenKb?.clean, 0.3, 'ms'),
    below('1,000 routes in force within 50 ms', median(results.swapMs), 50, 'ms'),
    below('resident after the run under 120 MB', ours?.afterMb, 120, 'MB'),
    below('sixteen held 7 MiB bodies under 250 MB', results.held.peakMb, 250, 'MB'),
    below('no other request later than 50 ms meanwhile', results.held.slowest, 50, 'ms'),
    below('port open within 150 ms', median(results.startMs), 150, 'ms'),
  ];
}

export function printed(results: Results): string {
  const head = ['', ...CONNECTIONS.map((count) => `req/s at ${count}`)];
  const engines = summaries(results).map((summary) => [
    summary.name,
    ...summary.perSecond.map((value) => number(value)),
    number(summary.http2),
    number(summary.addedP50, 2),
    number(summary.addedP99, 2),
    `${number(summary.cpu)} / ${number(summary.coldCpu)}`,
    number(summary.freshMs, 1),
    `${number(summary.down)} / ${number(summary.up)}`,
    [summary.idleMb, summary.peakMb, summary.afterMb].map((value) => number(value)).join(' / '),
    number(summary.openMs),
  ]);
  const more = [
    'HTTP/2 at 16',
    '+p50 ms',
    '+p99 ms',
    'CPU µs/req warm/cold',
    'new host ms',
    'MB/s down/up',
    'MB idle/peak/after',
    'start ms',
  ];
  const scan = results.scan.map(({ size, clean, worst }) => [
    size,
    `${clean.toFixed(3)} ms`,
    `${worst.ms.toFixed(3)} ms`,
    worst.name,
  ]);
  const { held, decisionMicroseconds } = results;
  const mark = (met: boolean | undefined) => (met === undefined ? '–' : met ? 'met' : 'MISSED');
  return [
    columns([[...head, ...more], ...engines]),
    columns([['DLP on a body', 'clean', 'hostile', 'the worst of them'], ...scan]),
    [
      `1,000 routes: a decision ${decisionMicroseconds.toFixed(1)} µs, put in force in ${number(median(results.swapMs))} ms`,
      `sixteen bodies of 7 MiB: ${held.peakMb.toFixed(0)} MB at the most, all through in ${held.seconds.toFixed(1)} s; ` +
        `requests beside them ${held.p50.toFixed(1)} ms in the median, ${held.slowest.toFixed(0)} ms at the worst`,
      `started as in the bundle: port open after ${number(median(results.startMs))} ms`,
    ].join('\n'),
    columns(goalsOf(results).map(({ goal, measured, met }) => [mark(met), goal, measured])),
  ].join('\n\n');
}
