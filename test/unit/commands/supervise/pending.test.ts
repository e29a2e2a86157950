import { expect, it } from 'vitest';
import { pendingText, problemLines } from '../../../../lib/commands/supervise/proposal-text.ts';
import { approvalOf } from '../../../../lib/commands/supervise/verdict-of.ts';
import type { SuperviseRequest } from '../../../../lib/daemons/contract/supervise/request.ts';
import { proposalOf } from '../../../support/supervise/proposals.ts';

const NOW = Date.UTC(2026, 10, 1, 12);

const REQUESTS: readonly SuperviseRequest[] = [
  {
    ...{ kind: 'allow', host: 'pypi.org', port: 8443, methods: ['GET', 'HEAD'], pathPrefix: '/simple/' },
    ...{ reason: 'To install\nrequests.', limit: { seconds: 600 } },
  },
  { kind: 'allow', host: 'pypi.org', reason: '\u001b[2J\u202e See https://evil.test' },
  { kind: 'git-allow', finding: 'f-0123456789ab', reason: 'An example key.' },
  {
    kind: 'capability',
    dockerfile: 'RUN apt-get update\nRUN apt-get install -y jq',
    reason: 'To read JSON.',
  },
  { kind: 'ask', question: 'Which of\nthe two?', choices: ['this', 'that\nor other'] },
  { kind: 'notify', message: 'The tests are green.' },
  {
    ...{ kind: 'egress-token-allow', host: 'paste.example', method: 'POST', path: '/api' },
    ...{ values: [{ kind: 'github-token', mark: '3f9a1c2e'.repeat(3) }], places: ['body', 'header x-note'] },
  },
];

it('what is pending is shown in few lines, with nothing in them that acts', async () => {
  const pending = REQUESTS.map((request, index) =>
    proposalOf({
      ...{ id: `p-0r3k7${index}`, request, count: index + 1 },
      created: new Date(NOW - index ** 6 * 1000).toISOString(),
    }),
  );
  const text = pendingText([{ bottle: 'demo-a1b2c', pending, problems: [] }], NOW);
  await expect(`${text}\n`).toMatchFileSnapshot('golden/pending.txt');
  expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
});

it('nothing pending says so, and hostile files are one line each', () => {
  const bottles = [{ bottle: 'demo-a1b2c', pending: [], problems: ['x\u001b]0;owned\u0007\ny: not JSON'] }];
  expect(pendingText(bottles, NOW)).toBe('nothing is pending');
  expect(problemLines(bottles)).toEqual(['the queue of demo-a1b2c: x^[]0;owned^G^Jy: not JSON']);
});

it.each([
  [{ kind: 'allow', host: 'a.test', reason: 'x' }, {}, { state: 'approved' }],
  [
    { kind: 'allow', host: 'a.test', reason: 'x', limit: { uses: 2 } },
    {},
    { state: 'approved', limit: { uses: 2 } },
  ],
  [
    { kind: 'allow', host: 'a.test', reason: 'x', limit: { uses: 2 } },
    { for: '10m', note: 'ok' },
    { state: 'approved', limit: { seconds: 600 }, note: 'ok' },
  ],
  [{ kind: 'allow', host: 'a.test', reason: 'x' }, { uses: '1' }, { state: 'approved', limit: { uses: 1 } }],
  [{ kind: 'ask', question: 'Which?' }, { answer: 'this' }, { state: 'answered', text: 'this' }],
  [
    { kind: 'ask', question: 'Which?', choices: ['a', 'b'] },
    { answer: '2' },
    { state: 'answered', text: 'b' },
  ],
  [
    { kind: 'ask', question: 'Which?', choices: ['a', 'b'] },
    { answer: 'a' },
    { state: 'answered', text: 'a' },
  ],
  [{ kind: 'notify', message: 'Done.' }, {}, { state: 'seen' }],
] as const)('approving %j with %j is %j', (request, flags, expected) => {
  const none = { for: undefined, uses: undefined, answer: undefined, note: undefined };
  expect(approvalOf(structuredClone(request) as SuperviseRequest, { ...none, ...flags })).toEqual(expected);
});
