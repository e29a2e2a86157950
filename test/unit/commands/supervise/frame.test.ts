import stringWidth from 'fast-string-width';
import { expect, it } from 'vitest';
import { frame } from '../../../../lib/commands/supervise/screen/frame.ts';
import { keysOf } from '../../../../lib/commands/supervise/screen/keys.ts';
import { press } from '../../../../lib/commands/supervise/screen/press.ts';
import {
  FIRST_STATE,
  type ScreenState,
  withBottles,
} from '../../../../lib/commands/supervise/screen/state.ts';
import type { SuperviseRequest } from '../../../../lib/daemons/contract/supervise/request.ts';
import { proposalOf } from '../../../support/supervise/proposals.ts';

const HOSTILE = `${'\u0301'.repeat(40)}\u001b[31m\t日本語🏳️‍🌈\u202e\r\n> a\u0000${'y'.repeat(300)}`;

const REQUESTS: readonly SuperviseRequest[] = [
  { kind: 'allow', host: 'pypi.org', reason: HOSTILE },
  { kind: 'git-allow', finding: 'f-1', reason: HOSTILE },
  { kind: 'capability', dockerfile: HOSTILE, reason: HOSTILE },
  { kind: 'ask', question: HOSTILE, choices: [HOSTILE, 'no'] },
  { kind: 'notify', message: HOSTILE },
  {
    ...{ kind: 'egress-token-allow', host: 'paste.example', method: 'POST', path: '/api' },
    ...{ values: [{ kind: '\u001b[5mx', mark: '3f9a1c2e'.repeat(3) }], places: ['body', 'header x-note'] },
  },
];

const pending = REQUESTS.map((request, index) => proposalOf({ id: `p-0r3k7${index}`, request, count: 9999 }));
const LIST = withBottles(FIRST_STATE, [
  { bottle: 'demo-a1b2c', pending, problems: [`${HOSTILE}: not JSON`] },
]);

it.each([20, 60, 120])('no text of an agent makes a line longer than %i columns, or acts', (columns) => {
  const views: ScreenState['view'][] = pending.map((shown) => ({
    ...{ at: 'detail', shown, change: { lines: [] }, scroll: 0 },
  }));
  for (const view of [LIST.view, ...views]) {
    const lines = frame({ ...LIST, view }, { columns, rows: 24 }, Date.now());
    expect(lines).toHaveLength(24);
    for (const { text } of lines) {
      expect(stringWidth(text)).toBeLessThanOrEqual(columns);
      expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
  }
});

it('keys that come as one text are each a key', () => {
  const none = {} as Parameters<typeof keysOf>[1];
  expect(keysOf('jé\r\u007f\u0003', none)).toEqual(['j', 'é', 'enter', 'backspace', 'ctrl-c']);
  expect(keysOf('', { ...none, upArrow: true })).toEqual(['up']);
});

it('the cursor stays on its proposal when others come and go', () => {
  const second = press(LIST, 'j').state;
  const bottles = (ids: readonly number[]) => [
    { bottle: 'demo-a1b2c', problems: [], pending: ids.flatMap((id) => pending[id] ?? []) },
  ];
  expect(withBottles(second, bottles([1, 2])).cursor).toBe('demo-a1b2c p-0r3k71');
  expect(withBottles(second, bottles([0, 2, 3])).cursor).toBe('demo-a1b2c p-0r3k72');
  expect(withBottles(second, bottles([])).cursor).toBeUndefined();
});

it('no key counts while something is done, but Ctrl-C', () => {
  const busy: ScreenState = { ...LIST, isBusy: true };
  expect(press(busy, 'enter')).toEqual({ state: busy });
  expect(press(busy, 'ctrl-c').effect).toEqual({ do: 'quit' });
});

it('what must be seen takes the next key', () => {
  const alert: ScreenState = { ...LIST, notice: { text: 'Look.', isAlert: true } };
  expect(press(alert, 'enter')).toEqual({ state: LIST });
});
