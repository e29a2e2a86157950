import type { Cell } from './cell.ts';
import type { Verb } from './record-calls.ts';

/** Exit codes by program; see the README. */
const BY_PROGRAM = { docker: [71], smolvm: [72] } as const;

interface Exception {
  /** Of `KIND PLACE`. */
  readonly when: RegExp;
  readonly codes: readonly number[];
  /** For whoever reads the list. */
  readonly why: string;
}

/** The first that fits counts. */
const EXCEPTIONS: readonly Exception[] = [
  {
    when: /^(bundle|egress|supervise) dies in a session/,
    codes: [0],
    why: 'the person is told, and the agent goes on',
  },
  { when: /^guest dies in a session/, codes: [72], why: 'and the session with it' },
  { when: /^bundle dies before/, codes: [71, 73, 77], why: 'what needs it fails' },
  { when: /^guest dies before/, codes: [72, 77], why: 'what needs it fails' },
  { when: /^(egress|supervise) dies before/, codes: [0, 73, 77], why: 'init starts it again' },
  { when: /^slow /, codes: [0], why: 'late, but not wrong' },
  {
    when: /^hang, Ctrl-C launch: docker (wait|logs|stop|rm|container inspect|network rm)/,
    codes: [130, 0],
    why: 'a teardown is not interrupted: it gives the call up, and goes on',
  },
  {
    when: /^hang, Ctrl-C launch: smolvm (--version #2|machine (ls|stop|delete))/,
    codes: [130, 0],
    why: 'a teardown is not interrupted',
  },
  { when: /^hang, Ctrl-C /, codes: [130], why: 'the person has ended it' },
  { when: /^\w+ launch: smolvm --version #1/, codes: [69], why: 'nothing was begun' },
  {
    when: /^\w+ (launch: docker version|(launch|allocate): docker network inspect)/,
    codes: [0, 71],
    why: 'only asked to choose better',
  },
  {
    when: /^\w+ start-bundle: docker (exec|container inspect)/,
    codes: [0, 71],
    why: 'asked again until the bundle is ready',
  },
  {
    when: /^\w+ init-guest: smolvm machine exec/,
    codes: [0, 72],
    why: 'asked again until the guest is ready',
  },
  { when: /^\w+ probe: smolvm machine exec/, codes: [77], why: 'a check that cannot be made is not passed' },
  { when: /^\w+ launch: smolvm machine exec/, codes: [72], why: 'the agent did not run, or not to its end' },
  {
    when: /^\w+ launch: docker (wait|logs|stop|rm|container inspect|network rm)/,
    codes: [0],
    why: 'tried again, or done in another way',
  },
  { when: /^\w+ launch: smolvm (--version|machine (ls|stop|delete))/, codes: [0], why: 'tried again' },
  {
    when: /^full .*: docker|^home full/,
    codes: [69, 71],
    why: 'what the engine says of its disk is passed on',
  },
  { when: /^full /, codes: [69], why: 'a full disk is named' },
];

/** Returns the documented exit codes of a launch that meets a fault. */
export function codesOf({ kind, place }: Pick<Cell, 'kind' | 'place'>, verb?: Verb): readonly number[] {
  const exception = EXCEPTIONS.find(({ when }) => when.test(`${kind} ${place}`));
  if (exception !== undefined) return exception.codes;
  return verb === undefined ? [] : BY_PROGRAM[verb.program];
}
