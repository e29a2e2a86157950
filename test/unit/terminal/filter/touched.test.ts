import { describe, expect, it } from 'vitest';
import { OutputFilter } from '../../../../lib/terminal/filter/output-filter.ts';

/** What restores the terminal after this output, with ESC shown as `^`. */
function restoring(output: string): string {
  const filter = new OutputFilter();
  filter.write(Buffer.from(output.replaceAll('^', '\u001b')));
  return filter.touched.restore().replaceAll('\u001b', '^');
}

describe('the terminal after a session', () => {
  it.each([
    ['plain output', 'text\r\n^[3A^[K', ''],
    ['colors', '^[31mred', '^[0m'],
    ['the other screen', '^[?1049h', '^[?1049l'],
    ['the other screen, left by the agent itself', '^[?1049hx^[?1049l', ''],
    ['a hidden cursor', '^[?25l', '^[?25h'],
    ['a cursor that was shown again', '^[?25l^[?25h', ''],
    ['mouse, focus and paste', '^[?1000;1006h^[?1004h^[?2004h', '^[?1000l^[?1006l^[?1004l^[?2004l'],
    ['no autowrap', '^[?7l', '^[?7h'],
    ['an unfinished frame on the other screen', '^[?1049h^[?2026h', '^[?2026l^[?1049l'],
    ['a scroll region', '^[5;10r', '^7^[r^8'],
    ['a cursor’s style', '^[3 q', '^[0 q'],
    ['keys of kitty on both screens', '^[>1u^[?1049h^[>3u^[>3u', '^[<2u^[?1049l^[<1u'],
    ['keys of kitty that were popped', '^[>1u^[<u', ''],
    ['modified keys', '^[>4;2m', '^[>4m'],
    ['colors of the terminal', '^]11;#000000\u0007^]4;1;#ffffff\u0007', '^]111^\\^]104^\\'],
    ['an open link', '^]8;;https://a.example\u0007', '^]8;;^\\'],
    ['line drawing', '^(0', '^(B^)B\u000f'],
    ['insert mode', '^[4h', '^[4l'],
    ['progress', '^]9;4;3\u0007', '^]9;4;0^\\'],
    ['what never passed', '^[?9001h^]52;c;aGk=\u0007', ''],
  ])('%s', (_what, output, restored) => expect(restoring(output)).toBe(restored));

  it('an agent cannot pop keys that the shell has pushed', () => {
    const filter = new OutputFilter();
    expect(filter.write(Buffer.from('\u001b[<9u\u001b[>1u\u001b[<9u')).toString()).toBe(
      '\u001b[>1u\u001b[<1u',
    );
  });
});
