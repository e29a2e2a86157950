import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';
import { bottleDirectory, bottlePaths } from '../../../lib/bottle/paths.ts';
import { removeCapability } from '../../../lib/commands/capabilities/remove-capability.ts';
import { editedLines } from '../../../lib/commands/supervise/edit-lines.ts';
import { narrowed } from '../../../lib/commands/supervise/narrow.ts';
import { type ApproveFlags, approvalOf, rejectionOf } from '../../../lib/commands/supervise/verdict-of.ts';
import type { Route } from '../../../lib/daemons/contract/egress/routes.ts';
import type { SuperviseRequest } from '../../../lib/daemons/contract/supervise/request.ts';
import { BottleError } from '../../../lib/errors.ts';
import { writeAtomically } from '../../../lib/host/files.ts';
import type { Plan } from '../../../lib/plan/schema.ts';
import { changeCapabilities } from '../../../lib/supervise/capabilities-file.ts';
import { decide, requireProposal } from '../../../lib/supervise/decide.ts';
import { type Grant, writeGrants } from '../../../lib/supervise/grants-file.ts';
import { revokeGrant } from '../../../lib/supervise/revoke.ts';
import { errorText } from '../../../lib/terminal/error-text.ts';
import { prepareBottle, usePreparedBottles } from '../../support/supervise/prepared-bottle.ts';
import { proposalOf, propose } from '../../support/supervise/proposals.ts';
import { BOTTLE } from '../../support/supervise/scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

useTemporaryHome();
usePreparedBottles();
beforeEach(() => vi.stubEnv('NO_COLOR', '1'));
beforeEach(() => prepareBottle());

const ALLOW: SuperviseRequest = { kind: 'allow', host: 'pypi.org', reason: 'x' };
const HELD: SuperviseRequest = {
  ...{ kind: 'egress-token-allow', host: 'paste.example', method: 'POST', path: '/', places: ['body'] },
  values: [{ kind: 'github-token', mark: '3f9a1c2e'.repeat(3) }],
};
const QUESTION: SuperviseRequest = { kind: 'ask', question: 'Which?', choices: ['this', 'that'] };
const LINES = { kind: 'capability', dockerfile: 'RUN true', reason: 'x' } as const;
const approve = (request: SuperviseRequest, flags: Partial<ApproveFlags> = {}) =>
  approvalOf(request, { for: undefined, uses: undefined, answer: undefined, note: undefined, ...flags });

const A_GRANT: Grant = {
  ...{ id: 'p-0r3k7x', route: { host: 'other.example' }, at: '2026-01-01T00:00:00.000Z', by: 'ann' },
  ...{ reason: 'x', state: 'in-force' },
};

interface Circumstances {
  routes?: Route[];
  daemons?: Plan['daemons'];
  grants?: Grant[];
  fails?: string;
  version?: string;
}

/** Approves a route in a new bottle. */
async function approveIn({ routes, daemons, grants, fails, version }: Circumstances): Promise<unknown> {
  await rm(bottleDirectory(BOTTLE), { recursive: true });
  const bottle = await prepareBottle(routes, daemons);
  await bottle.failWith(fails);
  if (grants !== undefined) await writeGrants(BOTTLE, grants);
  return decide(await propose(), { state: 'approved' }, version);
}

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
  'a policy that has changed': () => approveIn({ version: 'another' }),
  'a host that is open already': () => approveIn({ routes: [{ host: 'pypi.org' }] }),
  'a host of the provider': () => approveIn({ routes: [{ host: 'pypi.org', owner: 'provider' }] }),
  'a host that is open on another port': () =>
    approveIn({ routes: [{ host: 'pypi.org', port: 8443, matches: [{ methods: ['PUT'] }] }] }),
  'a bottle with pipelock': () => approveIn({ daemons: ['egress', 'pipelock', 'supervise'] }),
  'a bundle that is not up': () => approveIn({ fails: 'Error: No such container: b' }),
  'an egress that does not load': () => approveIn({ fails: 'ctl: connect ENOENT' }),
  'an egress that does not answer': () => approveIn({ fails: '' }),
  'too many grants': async () => {
    const grants = Array.from({ length: 200 }, () => A_GRANT);
    return approveIn({ grants });
  },
  'too many findings': async () => {
    const findings = Array.from({ length: 1000 }, () => ({ id: 'f-0123456789ab' }));
    const path = join(bottlePaths.gitGate(BOTTLE), 'allowed.json');
    await writeAtomically(path, JSON.stringify({ version: 1, findings }));
    const request = { kind: 'git-allow', finding: 'f-ba9876543210', reason: 'x' } as const;
    return decide(await propose({ id: 'p-0r3k7z', request }), { state: 'approved' });
  },
  'lines that cannot be added to an image': async () => {
    const request = { ...LINES, dockerfile: 'RUN true\nCOPY . /x' };
    return decide(await propose({ request }), { state: 'approved' });
  },
  'too many changes of an image': async () => {
    const at = '2026-01-01T00:00:00.000Z';
    const kept = Array.from({ length: 20 }, (_, index) => ({
      ...{ id: 'p-0r3k7y', bottle: BOTTLE, lines: `RUN ${index}`, reason: 'x', at, by: 'ann' },
    }));
    await changeCapabilities({ name: 'demo', file: '/demo.md' }, () => kept);
    return decide(await propose({ request: LINES }), { state: 'approved' });
  },
  'lines that were edited to what cannot be added': () => editedLines(LINES, 'USER root'),
  'lines that were edited to too many': () => editedLines(LINES, `RUN ${'x'.repeat(8000)}`),
  'a change of an image that is not there': () =>
    removeCapability({ agent: 'demo', id: 'p-0r3k7m', bottle: undefined }),
  'a change of an image that two bottles asked for': async () => {
    const about = { id: 'p-0r3k7y', reason: 'x', at: '2026-01-01T00:00:00.000Z', by: 'ann' };
    await changeCapabilities({ name: 'demo', file: '/demo.md' }, () => [
      { ...about, bottle: BOTTLE, lines: 'RUN a' },
      { ...about, bottle: 'demo-x9y8z', lines: 'RUN b' },
    ]);
    return removeCapability({ agent: 'demo', id: 'p-0r3k7y', bottle: undefined });
  },
  'a grant that is not there': () => revokeGrant(BOTTLE, 'p-0r3k7y'),
  'a grant that egress keeps': async () => {
    await writeGrants(BOTTLE, [A_GRANT]);
    await (await prepareBottle()).failWith('ctl: connect ENOENT');
    return revokeGrant(BOTTLE, A_GRANT.id);
  },
  'methods of a question': () => narrowed(QUESTION, { methods: 'GET', below: undefined, edit: false }),
  'methods in lower case': () => narrowed(ALLOW, { methods: 'get', below: undefined, edit: false }),
  'a bottle that was not prepared': async () => {
    await rm(bottleDirectory(BOTTLE), { recursive: true });
    return decide(await propose(), { state: 'approved' });
  },
  'a question that is approved': async () =>
    decide(await propose({ request: QUESTION }), { state: 'approved' }),
  'uses of values': () => approve(HELD, { uses: '2' }),
  'uses of values, as another program may give them': async () =>
    decide(await propose({ request: HELD }), { state: 'approved', limit: { uses: 2 } }),
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
