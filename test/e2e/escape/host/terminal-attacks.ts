// biome-ignore-all lint/suspicious/noControlCharactersInRegex: controls are the subject
import { scriptOnTerminal } from '../../../support/script-on-terminal.ts';
import { forbiddenIn, sequencesIn } from '../../../support/terminal-sequences.ts';
import { type HostAttack, judged, once } from './host-attack.ts';

/** What the agent prints, with what would act on the terminal; `mine` finds that among what arrives there. */
const PRINTED: readonly (readonly [what: string, sequence: string, mine: RegExp])[] = [
  ['writes to the clipboard (OSC 52)', '\x1b]52;c;cm0gLXJmIH4K\x07', /^\]52;/],
  ['reads the clipboard (OSC 52)', '\x1b]52;c;?\x1b\\', /^\]52;/],
  ['sets the title, to have it typed back', '\x1b]2;;id\x07', /^\]2;;id/],
  ['asks for the title to be typed back', '\x1b[21t', /^\[21t/],
  ['resizes and moves the window', '\x1b[8;1;1t\x1b[3;0;0t', /^\[(?:8|3);/],
  ['defines keys (DCS)', '\x1bP1;1|17/69640a\x1b\\', /^P/],
  ['asks for a setting (DECRQSS)', '\x1bP$qm\x1b\\', /^P/],
  ['sends a program to the terminal (APC)', '\x1b_Gf=100;AAAA\x1b\\', /^_/],
  ['sends a private message (PM)', '\x1b^hello\x1b\\', /^\^/],
  ['prints on paper (media copy)', '\x1b[5i', /^\[5i/],
  ['asks who the terminal is by ENQ', '\x05', /^\x05/],
  ['hides sequences in 8-bit controls', '\u009b21t\u009d52;c;?\u009c', /^[\u0080-\u009f]/],
  ['locks the keyboard', '\x1b[2h', /^\[2h/],
  ['repeats a character a billion times', 'x\x1b[999999999b', /^\[[0-9]{5,}b/],
  ['notifies the desktop (OSC 777, 9)', '\x1b]777;notify;a;b\x07\x1b]9;buy\x07', /^\](?:777|9;buy)/],
  [
    'opens a file of the host by a link (OSC 8)',
    '\x1b]8;;file:///etc/passwd\x07x\x1b]8;;\x07',
    /^\]8;;file:/,
  ],
  ['leaves a sequence open, to swallow what the kit says', '\x1b]2;', /^\]2;/],
];

/** JavaScript of the agent: prints all that, each between marks. */
export const PRINTER = `
const all = ${JSON.stringify(PRINTED.map(([, sequence]) => sequence))};
process.stdout.write(all.map((sequence, index) => 'mark-' + index + '-a ' + sequence + ' mark-' + index + '-b\\r\\n').join('') + '\\x1b\\\\all-printed\\r\\n');
`;

const onTerminal = once(async ({ user, slug }) => {
  const { exitCode, shown } = await scriptOnTerminal(user, ['attach', '--bottle', slug], []);
  const logged = await user.run('logs', ['--bottle', slug, '--agent-output']);
  return { exitCode, shown: shown.slice(shown.indexOf('mark-0-a')), logged: logged.stdout };
});

/** Nothing here depends on the tier. */
const WHERE = { as: 'host', tiers: ['socket'] } as const;

export const TERMINAL: readonly HostAttack[] = [
  ...PRINTED.map(
    ([what, , mine], index): HostAttack => ({
      name: `terminal: ${what}`,
      ...WHERE,
      meets: /did not arrive/,
      async run(bottle) {
        const { shown } = await onTerminal(bottle);
        if (!shown.includes(`mark-${index}-a`)) return `not printed: ${JSON.stringify(shown.slice(-200))}`;
        const found = sequencesIn(Buffer.from(shown)).filter((sequence) => mine.test(sequence));
        return found.length === 0 ? 'did not arrive' : `arrived: ${JSON.stringify(found)}`;
      },
    }),
  ),
  {
    name: 'terminal: anything that must never arrive, in what was printed as a whole',
    ...WHERE,
    meets: /nothing, and the end is there/,
    async run(bottle) {
      const { shown } = await onTerminal(bottle);
      const end = shown.includes('all-printed') ? 'the end is there' : 'the end is missing';
      // At the end of a session the kit itself gives the title back.
      const found = forbiddenIn(Buffer.from(shown.replace('\u001b[23;2t', '')));
      return `${found.join('; ') || 'nothing'}, and ${end}`;
    },
  },
  {
    name: 'terminal: what the agent printed, in the log of its output',
    ...WHERE,
    meets: /shown inert/,
    run: async (bottle) => judged((await onTerminal(bottle)).logged, 'mark-0-a', 'all-printed'),
  },
];
