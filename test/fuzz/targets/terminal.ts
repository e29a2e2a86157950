import { OutputFilter } from '../../../lib/terminal/filter/output-filter.ts';
import { forbiddenIn } from '../../support/terminal-sequences.ts';
import { claim } from '../claim.ts';
import type { Target } from './target.ts';

const PARTS = [
  '\u001b',
  ...['\u001b[', '\u001b]', '\u001bP', '\u001b\\', '\u0007', '\u0018', '\u0005', '\u009b', '\u009d'],
  ...[
    '?',
    '>',
    '<',
    '=',
    ';',
    ':',
    '52;c;',
    '8;;http://',
    '4;1;#fff',
    'aGk=',
    '1049',
    '2026',
    '2',
    '12',
    '99999',
  ],
  ...['h', 'l', 'i', 't', 'm', 'b', 'u', ' ', '$', 'q', 'p', 'x', 'Z', '%', '(', '0', 'c', '─', '\n'],
] as const satisfies readonly [string, ...string[]];

/** Nothing forbidden passes to the terminal, and what passes does not depend on how the output was cut. */
export const terminal: Target = (random) => {
  const output = Buffer.concat([
    Buffer.from(random.text(PARTS, 30)),
    random.bytes(random.below(12)),
    Buffer.from(random.text(PARTS, 30)),
  ]);
  const options = { clipboard: random.below(4) === 0 };
  const passed = new OutputFilter(options).write(output);
  if (!options.clipboard) claim(forbiddenIn(passed).length === 0, forbiddenIn(passed).join(', '));
  const filter = new OutputFilter(options);
  const cut = random.below(output.length + 1);
  const pieces = Buffer.concat([filter.write(output.subarray(0, cut)), filter.write(output.subarray(cut))]);
  claim(pieces.equals(passed), `cut at ${cut}: ${JSON.stringify(output.toString('latin1'))}`);
};
