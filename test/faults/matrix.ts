import { execa } from 'execa';
import { dockerDeadline } from '../../lib/docker/deadlines.ts';
import { smolvmDeadline } from '../../lib/smolvm/deadlines.ts';
import type { Sandbox } from '../support/kit.ts';
import { pathOf, shellQuoted } from '../support/shim.ts';
import type { Cell, Version } from './cell.ts';
import { codesOf } from './expected-codes.ts';
import type { Recorded, Verb } from './record-calls.ts';
import { actionOf, FAULTS, type Fault, type Target } from './shim.ts';

/** Seconds for a launch on a busy machine, and for taking it down. */
const BOUND_S = 90;
/** Of these, for a launch with a call that hangs until Ctrl-C: ten for the call, and no more than for others. */
const PRESSED_BOUND_S = 60;
/** With this factor, calls that hang are given up after seconds instead of minutes. */
const FACTOR = 0.2;
/** Seconds that a cell waits for a deadline; what may take longer is ended by Ctrl-C alone. */
const LONGEST_WAIT_S = 60;
/** Moments of each signal, spread over the calls of a launch. */
const MOMENTS = 40;

/** Every verb that a launch uses, with every fault, and every signal at forty moments. */
export function matrixOf(version: Version, recorded: Recorded): Cell[] {
  return [
    ...recorded.verbs.flatMap((verb) => FAULTS.flatMap((fault) => cellsOf(version, verb, fault))),
    ...SIGNALS.flatMap((signal) => signalCells(version, recorded.calls, signal)),
    ...goneCells(version),
    ...fullHomeCells(version, recorded.calls),
  ];
}

function cellsOf(version: Version, verb: Verb, fault: Fault): Cell[] {
  const nths = verb.count > 1 ? [1, verb.count] : [1];
  return nths.flatMap((nth): Cell[] => {
    const place = `${verb.script}: ${verb.program} ${verb.verb}${verb.count > 1 ? ` #${nth}` : ''}`;
    const target: Target = {
      when: `${shellQuoted(`${verb.script} ${verb.program} ${verb.verb}`)}*`,
      nth,
    };
    const cell = { version, kind: fault, place, target, action: actionOf(fault), bound: BOUND_S };
    const expected = (kind: string) => codesOf({ kind, place }, verb);
    if (fault !== 'hang') return [{ ...cell, codes: expected(fault) }];
    const pressed = {
      ...cell,
      kind: 'hang, Ctrl-C',
      interrupts: true,
      codes: expected('hang, Ctrl-C'),
      bound: PRESSED_BOUND_S,
    };
    const deadline = deadlineOf(verb);
    if (deadline === undefined || deadline * FACTOR > LONGEST_WAIT_S) return [pressed];
    const waited = {
      ...cell,
      env: { BOT_BOTTLE_DEADLINE_FACTOR: String(FACTOR) },
      codes: expected('hang'),
      bound: BOUND_S + deadline * FACTOR,
    };
    return [waited, pressed];
  });
}

/** In seconds. */
function deadlineOf({ program, verb }: Verb): number | undefined {
  const deadline = program === 'docker' ? dockerDeadline(verb.split(' ')) : smolvmDeadline(verb);
  return deadline === undefined ? undefined : deadline / 1000;
}

/** A terminal sends SIGINT to everything in it; the others are sent to the launch alone, SIGKILL to either. */
const SIGNALS = [
  { signal: 'INT', code: 130, toGroup: true },
  { signal: 'TERM', code: 143, toGroup: false },
  { signal: 'HUP', code: 129, toGroup: false },
  { signal: 'KILL', code: -1, toGroup: true },
] as const;

function signalCells(version: Version, calls: number, sent: (typeof SIGNALS)[number]): Cell[] {
  const count = Math.min(MOMENTS, calls);
  return Array.from({ length: count }, (_, index) => {
    const nth = 1 + Math.floor((index * calls) / count);
    return {
      ...{ version, kind: `SIG${sent.signal}`, place: `at call ${nth} of ${calls}` },
      target: { when: '*', nth },
      action: `kill -${sent.signal} ${sent.toGroup ? '-' : ''}"$(cat "$directory/launch.pid")"`,
      // Nothing is undone before anything is acquired; a launch that has nothing left to do may end as it would have.
      codes: [sent.code, ...(nth > calls * LAST_PART ? [0] : [])],
      bound: BOUND_S,
    };
  });
}

/** Of a launch, while it takes the bottle down. */
const LAST_PART = 0.8;

/** What dies beside the launch, and how it is found. */
function goneCells(version: Version): Cell[] {
  const docker = shellQuoted(pathOf('docker'));
  const bundle = `$(${docker} ps --quiet --filter "label=bot-bottle.home=$home" --filter label=bot-bottle.kind=bundle)`;
  const guest = `head -n 1 "$directory"/../.cache/smolvm/vms/*/agent.pid`;
  const daemon = (name: string) =>
    `${docker} top ${bundle} -eo pid,args | awk '/daemons\\/${name}|${name}\\.m?js/ { print $1 }'`;
  const ends: readonly (readonly [string, string])[] = [
    ['bundle', `${docker} kill ${bundle}`],
    ['guest', `kill -9 $(${guest})`],
    ['egress', `kill -9 $(${daemon('egress')})`],
    ['supervise', `kill -9 $(${daemon('supervise')})`],
  ];
  const moments = [
    { place: 'before provision', when: '"provision smolvm "*', wait: 0 },
    { place: 'before the probe', when: '"probe smolvm "*', wait: 0 },
    { place: 'in a session', when: '"launch smolvm machine exec"*', wait: 1 },
  ];
  return ends.flatMap(([what, command]) =>
    moments.map(({ place, when, wait }) => ({
      ...{ version, kind: `${what} dies`, place },
      target: { when, nth: 1 },
      action: `${HOME_OF_SHIM}; ${wait > 0 ? `(sleep ${wait}; ${command}) > /dev/null 2>&1 &` : `${command} > /dev/null 2>&1`}`,
      codes: codesOf({ kind: `${what} dies`, place }),
      bound: BOUND_S,
    })),
  );
}

/** The label of the home that the shims' directory lies beside. */
const HOME_OF_SHIM = `home=$(printf '%s' "\${directory%/shims}/home" | sha256sum | cut -c 1-16)`;

/** Megabytes of a home that is filled up. */
const HOME_MB = 48;

function fullHomeCells(version: Version, calls: number): Cell[] {
  return Array.from({ length: FULL_MOMENTS }, (_, index) => {
    const nth = 1 + Math.floor((index * calls) / FULL_MOMENTS);
    const place = `at call ${nth} of ${calls}`;
    return {
      ...{ version, kind: 'home full', place, target: { when: '*', nth } },
      action: `cat /dev/zero > "\${directory%/shims}/home/filled" 2> /dev/null`,
      arrange: async (user: Sandbox) => {
        await execa('mount', ['-t', 'tmpfs', '-o', `size=${HOME_MB}m`, 'tmpfs', user.home]);
      },
      restore: async (user: Sandbox) => {
        await execa('umount', ['--lazy', user.home], { reject: false });
      },
      codes: [...codesOf({ kind: 'home full', place }), ...(nth > calls * LAST_PART ? [0] : [])],
      bound: BOUND_S,
    };
  });
}

const FULL_MOMENTS = 10;
