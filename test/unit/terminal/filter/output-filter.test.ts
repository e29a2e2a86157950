import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutputFilter } from '../../../../lib/terminal/filter/output-filter.ts';
import { forbiddenIn } from '../../../support/terminal-sequences.ts';

const filtered = (input: string | Buffer, options = {}): string =>
  new OutputFilter(options).write(Buffer.from(input as string)).toString();

describe('what never reaches the terminal', () => {
  it.each([
    ['a write to the clipboard', '\u001b]52;c;aGk=\u0007'],
    ['a write to the clipboard, ended by ST', '\u001b]52;c;aGk=\u001b\\'],
    ['a reading of the clipboard', '\u001b]52;c;?\u0007'],
    ['a paste with the clipboard of kitty', '\u001b]5522;type=read\u001b\\'],
    ['a title', '\u001b]0;rm -rf\u0007'],
    ['an icon’s title', '\u001b]1;x\u0007\u001b]2;x\u001b\\'],
    ['the title as an answer', '\u001b[21t'],
    ['moving the window', '\u001b[3;0;0t'],
    ['resizing the window', '\u001b[8;999;999t'],
    ['the stack of titles', '\u001b[22;2t\u001b[23t'],
    ['printing the screen', '\u001b[i\u001b[0i'],
    ['the printer as a copy of the screen', '\u001b[5i\u001b[?5i'],
    ['the answerback message', '\u0005'],
    ['the terminal’s identity as text', '\u001bZ'],
    ['a locked keyboard', '\u001b[2h'],
    ['local echo', '\u001b[12h'],
    ['132 columns', '\u001b[?3h'],
    ['a mode nobody knows', '\u001b[?9001h'],
    ['highlight tracking, which hangs the terminal', '\u001b[1;1;1;1;1T'],
    ['a bomb of repetitions', 'x\u001b[99999b'.slice(1)],
    ['a number beyond any terminal', '\u001b[999999999999A'],
    ['sixel graphics', '\u001bPq#0;2;0;0;0~-\u001b\\'],
    ['tmux’s way around itself', '\u001bPtmux;\u001b\u001b]52;c;aGk=\u0007\u001b\\'],
    ['screen’s way around itself', '\u001bP\u001b]52;c;aGk=\u0007\u001b\\'],
    ['a request for a setting', '\u001bP$qm\u001b\\'],
    ['a request for a capability', '\u001bP+q544e\u001b\\'],
    ['graphics of kitty', '\u001b_Gf=24,t=f;L2V0Yy9wYXNzd2Q=\u001b\\'],
    ['a privacy message', '\u001b^x\u001b\\'],
    ['a start of string', '\u001bXx\u001b\\'],
    ['iTerm2’s commands', '\u001b]1337;File=inline=1:aGk=\u0007'],
    ['a notification', '\u001b]9;you won\u0007\u001b]777;notify;a;b\u0007'],
    ['a font', '\u001b]50;x\u0007'],
    ['a working directory', '\u001b]7;file:///etc\u0007'],
    ['a log file of the terminal', '\u001b]46;/etc/passwd\u0007'],
    ['a link to a file', '\u001b]8;;file:///etc/passwd\u0007'],
    ['a link to a program', '\u001b]8;;x-man-page://ls\u0007'],
    ['a link with a line break', '\u001b]8;;http://a/\n\u0007'],
    ['a color that is none', '\u001b]11;`id`\u0007'],
    ['another encoding', '\u001b%@\u001b%G'],
    ['8-bit controls', '\u001b G'],
    ['a locking shift', '\u001bn\u001bo\u001b~'],
    ['an unknown charset', '\u001b(%5'.slice(0, 4)],
    ['an unknown final', '\u001b[1;2y\u001b[?1;1;1$r'],
    ['a checksum of the screen', '\u001b[1;1;1;1;1;1*y'],
    ['saved modes', '\u001b[?1049s\u001b[?1049r'],
    ['C1 controls in UTF-8', '\u009d52;c;?\u009c'.replace('52;c;?', '')],
    ['a command cut short', '\u001b]52;c;aGk=\u0018'],
    ['a command cut by another', '\u001b]52;c;aGk=\u001b]52;c;aGk=\u0007'],
    ['a string without an end', `\u001bP${'x'.repeat(100_000)}`],
    ['a command without an end', `\u001b]8;;http://${'x'.repeat(100_000)}`],
    ['a control sequence without an end', `\u001b[${'1;'.repeat(100_000)}`],
    ['a sequence with a control in it', '\u001b[3\u00071;t'],
  ])('%s', (_what, attack) => {
    expect(filtered(`a${attack}`)).toBe('a');
    for (const cut of [1, 2, 3, 7]) {
      const filter = new OutputFilter();
      const bytes = Buffer.from(attack);
      let out = '';
      for (let at = 0; at < bytes.length; at += cut) out += filter.write(bytes.subarray(at, at + cut));
      expect(out).toBe('');
    }
  });

  it('raw bytes that terminals read as C1 controls are shown as replacement characters', () => {
    const out = filtered(Buffer.from([0x41, 0x9b, 0x35, 0x69, 0x9d, 0xc2, 0x41, 0xe2, 0x82, 0x41, 0xff]));
    expect(out).toBe('A\ufffd5i\ufffd\ufffdA\ufffd\ufffdA\ufffd');
  });

  it('overlong forms and surrogates, which could spell a control, are no UTF-8', () => {
    expect(filtered(Buffer.from([0xc0, 0x9b, 0xe0, 0x82, 0x9b, 0xed, 0xa0, 0x80]))).toMatch(/^\ufffd+$/);
  });
});

describe('what an agent needs passes unchanged', () => {
  it.each([
    ['text in any script', 'a\tb\r\nünï 日本語 🚀 ─│╭\b\u0007'],
    [
      'colors of every kind',
      '\u001b[1;31m\u001b[38;5;9m\u001b[48;2;1;2;3m\u001b[38:2::1:2:3m\u001b[4:3m\u001b[0m',
    ],
    [
      'moving and erasing',
      '\u001b[H\u001b[2J\u001b[3;4H\u001b[K\u001b[10A\u001b[2L\u001b[3P\u001b[X\u001b[5d\u001b[9G',
    ],
    ['the other screen', '\u001b[?1049h\u001b[?1049l\u001b[?47h\u001b[?1047l'],
    ['mouse, paste and focus', '\u001b[?1000;1002;1003;1006h\u001b[?2004h\u001b[?1004l'],
    ['a synchronized frame', '\u001b[?2026hframe\u001b[?2026l'],
    ['the scroll region', '\u001b[2;20r\u001b[S\u001b[T\u001bM\u001bD\u001b7\u001b8'],
    ['the cursor’s style', '\u001b[?25l\u001b[5 q\u001b[?25h'],
    ['questions about the terminal', '\u001b[c\u001b[>c\u001b[6n\u001b[?6n\u001b[>q\u001b[?2026$p'],
    ['kitty’s keys', '\u001b[>1u\u001b[?u\u001b[=5;1u\u001b[<1u'],
    ['modified keys', '\u001b[>4;2m\u001b[>4m'],
    [
      'the background’s color',
      '\u001b]11;?\u001b\\\u001b]10;?\u0007\u001b]4;1;rgb:ff/00/00\u0007\u001b]111\u0007',
    ],
    ['links to the web', '\u001b]8;id=1;https://example.com/a?b=c;d\u001b\\text\u001b]8;;\u001b\\'],
    ['progress', '\u001b]9;4;1;50\u0007'],
    ['lines drawn with a charset', '\u001b)0\u000elqqk\u000f\u001b(0x\u001b(B'],
    ['a repetition', '-\u001b[79b'],
    ['a soft reset', '\u001b[!p\u001b=\u001b>'],
  ])('%s', (_what, output) => expect(filtered(output)).toBe(output));

  it('of several modes in one sequence, those that are known pass', () => {
    expect(filtered('\u001b[?3;1049;9001;25h')).toBe('\u001b[?1049;25h');
  });

  it('where nobody reads the answers, questions do not pass', () => {
    const questions = '\u001b[c\u001b[6n\u001b[?2026$p\u001b[?u\u001b]11;?\u0007\u001b]4;1;#fff;2;?\u0007';
    expect(filtered(`${questions}\u001b]11;#fff\u0007`, { mayAsk: false })).toBe('\u001b]11;#fff\u0007');
    expect(filtered(questions)).toBe(questions);
  });

  it('after the agent has reset the terminal, the title is written again', () => {
    expect(filtered('\u001bcx', { afterReset: '\u001b]2;mine\u001b\\' })).toBe(
      '\u001bc\u001b]2;mine\u001b\\x',
    );
  });
});

describe('a bottle that may write to the clipboard', () => {
  const clipboard = (input: string) => filtered(input, { clipboard: true });

  it('writes valid base64 of up to 1 MiB, and reads nothing', () => {
    const megabyte = Buffer.alloc(1024 * 1024, 'a').toString('base64');
    const write = `\u001b]52;c;${megabyte}\u0007`;
    expect(clipboard(write) === write).toBe(true);
    expect(clipboard('\u001b]52;c;\u001b\\')).toBe('\u001b]52;c;\u001b\\');
    for (const bad of ['?', 'aGk', 'a?==', `${megabyte}${megabyte}`])
      expect(clipboard(`\u001b]52;c;${bad}\u0007`)).toBe('');
  });
});

const PARTS = [
  ...[
    '\u001b',
    '\u001b[',
    '\u001b]',
    '\u001bP',
    '\u001b\\',
    '\u0007',
    '?',
    '>',
    '52;c;',
    '8;;http://',
    'aGk=',
    ';',
    '1049',
  ],
  ...[
    '2026',
    '2',
    '5',
    '12',
    'h',
    'l',
    'i',
    't',
    'm',
    'b',
    'u',
    ' ',
    '$',
    'q',
    'p',
    'x',
    '\u0018',
    '\u0005',
    '\n',
    '\u009b',
  ],
  ...['─', '🚀', 'é', '(', '0', 'c', 'Z', '%', '\u0000', '\u007f', '<', '='],
].map((part) => Buffer.from(part));
const RAW = [[0x9b], [0x9d], [0x90], [0xc2], [0xe2, 0x94], [0xf0], [0xff], [0x85]].map((part) =>
  Buffer.from(part),
);
const outputs = fc
  .array(fc.constantFrom(...PARTS, ...RAW), { maxLength: 40 })
  .map((parts) => Buffer.concat(parts));

describe('for any output', () => {
  it('the reading of what passed, by which the next test judges, knows an attack when it sees one', () => {
    const attacks = [
      '\u001b]52;c;aGk=\u0007',
      '\u001b[21t',
      '\u001b[?1;12h',
      '\u001bPx\u001b\\',
      '\u0005',
      '\u009b',
    ];
    for (const attack of attacks) expect(forbiddenIn(Buffer.from(`a${attack}`))).not.toEqual([]);
    expect(forbiddenIn(Buffer.from('\u001b[31ma\u001b[?1049h\u001b]11;?\u0007'))).toEqual([]);
  });

  it('the same passes, however it is cut into pieces', () => {
    fc.assert(
      fc.property(outputs, fc.array(fc.nat(20)), fc.boolean(), (output, cuts, clipboard) => {
        const whole = new OutputFilter({ clipboard });
        const expected = whole.write(output).toString('hex');
        const filter = new OutputFilter({ clipboard });
        let [passed, at] = ['', 0];
        for (const cut of cuts) {
          passed += filter.write(output.subarray(at, at + cut)).toString('hex');
          at += cut;
        }
        passed += filter.write(output.subarray(at)).toString('hex');
        expect(passed).toBe(expected);
        expect(filter.touched.restore()).toBe(whole.touched.restore());
      }),
      { numRuns: 3000 },
    );
  });

  it('a terminal finds nothing forbidden in what passes, and it passes a second time unchanged', () => {
    fc.assert(
      fc.property(outputs, (output) => {
        const passed = new OutputFilter().write(output);
        expect(forbiddenIn(passed)).toEqual([]);
        // The second pass sees a new terminal, so pops of keys, which depend on pushes, are alike.
        expect(new OutputFilter().write(passed).toString()).toBe(passed.toString());
      }),
      { numRuns: 3000 },
    );
  });
});
