import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';
import { bottlePaths } from '../../../lib/bottle/paths.ts';
import { type ApproveFlags, approvalOf, rejectionOf } from '../../../lib/commands/supervise/verdict-of.ts';
import type { SuperviseRequest } from '../../../lib/daemons/contract/supervise/request.ts';
import { BottleError } from '../../../lib/errors.ts';
import { decide, requireProposal } from '../../../lib/supervise/decide.ts';
import { errorText } from '../../../lib/terminal/error-text.ts';
import { proposalOf, propose } from '../../support/supervise/proposals.ts';
import { BOTTLE } from '../../support/supervise/scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

useTemporaryHome();
beforeEach(() => vi.stubEnv('NO_COLOR', '1'));

const ALLOW: SuperviseRequest = { kind: 'allow', host: 'pypi.org', reason: 'x' };
const QUESTION: SuperviseRequest = { kind: 'ask', question: 'Which?', choices: ['this', 'that'] };
const approve = (request: SuperviseRequest, flags: Partial<ApproveFlags> = {}) =>
  approvalOf(request, { for: undefined, uses: undefined, answer: undefined, note: undefined, ...flags });

const MISTAKES: Readonly<Record<string, () => unknown>> = {
  'an id that is none': () => requireProposal(BOTTLE, '../x'),
  'a proposal that is not there': () => requireProposal(BOTTLE, 'p-0r3k7m'),
  'a proposal that is half written': async () => {
    await propose();
    await writeFile(join(bottlePaths.superviseQueue(BOTTLE), 'p-0r3k7m.json'), '{"version":1');
    return requireProposal(BOTTLE, 'p-0r3k7m');
  },
  'a proposal that was decided': async () => {
    const proposal = await propose();
    await decide(proposal, { state: 'approved' });
    return decide(proposal, { state: 'rejected', reason: 'no' });
  },
  'a proposal that has changed': async () => {
    await propose({ request: ALLOW });
    return decide(proposalOf(), { state: 'approved' });
  },
  'a proposal that has expired': async () =>
    decide(await propose({ expires: '2026-01-01T00:00:00.000Z' }), { state: 'approved' }),
  'a question that is approved': async () =>
    decide(await propose({ request: QUESTION }), { state: 'approved' }),
  'a time and a number of uses': () => approve(ALLOW, { for: '10m', uses: '2' }),
  'a time that is none': () => approve(ALLOW, { for: 'long' }),
  'no uses': () => approve(ALLOW, { uses: '0' }),
  'an answer to what is no question': () => approve(ALLOW, { answer: 'yes' }),
  'a question without an answer': () => approve(QUESTION),
  'an answer that is not to choose': () => approve(QUESTION, { answer: '3' }),
  'a reason that is too long': () => rejectionOf('x'.repeat(4001)),
};

it('messages about decisions match the golden file', async () => {
  const sections: string[] = [];
  for (const [title, make] of Object.entries(MISTAKES)) {
    const error: unknown = await Promise.resolve()
      .then(make)
      .catch((thrown: unknown) => thrown);
    if (!(error instanceof BottleError)) throw new Error(`${title}: no error was thrown`);
    const text = errorText(error).replaceAll(/by \S+ at 2\S+/g, 'by USER at TIME');
    sections.push(`## ${title}\n\n${text}\n`);
  }
  await expect(sections.join('\n')).toMatchFileSnapshot('golden/messages.txt');
});
