import { isDeepStrictEqual } from 'node:util';
import { bottlePaths } from '../../../bottle/paths.ts';
import type { Verdict } from '../../../daemons/contract/supervise/decision.ts';
import type { Proposal } from '../../../daemons/contract/supervise/proposal.ts';
import { readDecision } from '../../../daemons/contract/supervise/read-queue.ts';
import type { SuperviseRequest } from '../../../daemons/contract/supervise/request.ts';
import { BottleError, messageOf } from '../../../errors.ts';
import { decide } from '../../../supervise/decide.ts';
import { type Granting, policyChange } from '../../../supervise/grant.ts';
import { inertLine } from '../../../supervise/inert.ts';
import { type PendingOfBottle, pendingProposals } from '../../../supervise/queues.ts';
import { routeDiff } from '../../../supervise/route-diff.ts';
import { decidedText } from '../decided-text.ts';
import { editableLines, editedLines } from '../edit-lines.ts';
import { approvalOf } from '../verdict-of.ts';
import { editableText, editedRequest, editText } from './edit-request.ts';
import { as } from './press-detail.ts';
import { type Change, type Detail, placeOf, type ScreenState, withBottles, withNotice } from './state.ts';

/** A change of the state; it is applied to what the state is when the work is done. */
export type Step = (state: ScreenState) => ScreenState;

/** Texts that the person wrote and that could not be used, to be edited again; by place. */
const drafts = new Map<string, string>();

/** Shows a proposal in full. */
export async function openProposal(proposal: Proposal): Promise<Step> {
  const change = await changeOf(proposal);
  return (state) => ({ ...state, view: { at: 'detail', shown: proposal, change, scroll: 0 } });
}

/** Decides, if all is still as it was shown. Whatever keeps it from being decided is told, and shown as it is now. */
export async function decideShown({ shown, change }: Detail, verdict: Verdict): Promise<Step> {
  try {
    const decision = await decide(shown, verdict, isGranting(verdict) ? change.version : undefined);
    const text = decidedText(shown, decision);
    return (state) => withNotice({ ...without(state, shown), view: { at: 'list' } }, text);
  } catch (error) {
    if (!(error instanceof BottleError)) throw error;
    const text = inertLine(error.message);
    const [found] = await pendingProposals([shown.bottle]);
    const current = found?.pending.find(({ id }) => id === shown.id);
    const show: Step = current === undefined ? toList : await openProposal(current);
    return (state) => withNotice(show(state), text, true);
  }
}

const toList: Step = (state) => ({ ...state, view: { at: 'list' } });

/** Lets the person edit what would be approved; `lend` gives the terminal to the editor meanwhile. */
export async function editShown(
  detail: Detail,
  lend: (work: () => Promise<void>) => Promise<void>,
): Promise<Step> {
  const { shown, edited } = detail;
  const before = edited ?? shown.request;
  if (before.kind !== 'allow' && before.kind !== 'capability') return (state) => state;
  const isLines = before.kind === 'capability';
  const usual = isLines ? editableLines(before) : editableText(before);
  const original = drafts.get(placeOf(shown)) ?? usual;
  let [text, failure] = [original, ''];
  await lend(async () => {
    text = await editText(original, isLines ? 'Dockerfile' : undefined).catch((error: unknown) => {
      failure = messageOf(error);
      return original;
    });
  });
  if (failure !== '') return (state) => withNotice(state, inertLine(failure), true);
  try {
    const request = isLines ? editedLines(before, text) : editedRequest(before, text);
    drafts.delete(placeOf(shown));
    if (isDeepStrictEqual(request, before)) return (state) => withNotice(state, 'Nothing was changed.');
    const change = await changeOf(shown, request);
    return (state) => ({ ...state, view: { ...detail, edited: request, change, scroll: 0 } });
  } catch (error) {
    if (!(error instanceof BottleError)) throw error;
    drafts.set(placeOf(shown), text);
    return (state) => withNotice(state, `${inertLine(error.message)}. Press e to edit it again.`, true);
  }
}

/** Takes up what is pending now. When the proposal that is shown is gone, says what became of it. */
export async function takeUp(state: ScreenState, bottles: readonly PendingOfBottle[]): Promise<Step> {
  const { view, isBusy } = state;
  const isGone = view.at === 'detail' && !isBusy && !isPending(view.shown, bottles);
  if (!isGone) return (current) => withBottles(current, bottles);
  const text = await fateOf(view.shown);
  return (current) => {
    const next = withBottles(current, bottles);
    // Another key may have led elsewhere meanwhile.
    return current.view === view ? withNotice({ ...next, view: { at: 'list' } }, text, true) : next;
  };
}

async function fateOf({ bottle, ...rest }: Proposal): Promise<string> {
  const found = await readDecision(bottlePaths.superviseQueue(bottle), { bottle, ...rest });
  if (found === undefined || 'fault' in found)
    return `${rest.id} of ${inertLine(bottle)} is no longer pending.`;
  const { by, verdict } = found.value;
  return `${rest.id} of ${inertLine(bottle)}: ${verdict.state}${by === null ? '' : ` by ${inertLine(by)}`}.`;
}

/** What approving would change. A policy that cannot be read is no reason to hide the proposal. */
async function changeOf(shown: Proposal, edited?: SuperviseRequest): Promise<Change> {
  const request = edited ?? shown.request;
  if (request.kind !== 'allow') return { lines: [] };
  const verdict = as(edited, approvalOf(request, {}));
  if (!isGranting(verdict)) return { lines: [] };
  try {
    const { before, after, conflict, version } = await policyChange(shown, verdict);
    const lines = conflict === undefined ? routeDiff(before, after) : [`nothing: ${inertLine(conflict)}`];
    return { lines, version };
  } catch (error) {
    return { lines: [`its policy cannot be read: ${inertLine(messageOf(error))}`] };
  }
}

function isGranting(verdict: Verdict): verdict is Granting {
  return verdict.state === 'approved' || verdict.state === 'modified';
}

function isPending(proposal: Proposal, bottles: readonly PendingOfBottle[]): boolean {
  const place = placeOf(proposal);
  return bottles.some(({ pending }) => pending.some((one) => placeOf(one) === place));
}

/** What is decided is no longer listed, even before the next look. */
function without(state: ScreenState, decided: Proposal): ScreenState {
  const bottles = state.bottles.map((bottle) => ({
    ...bottle,
    pending: bottle.pending.filter((one) => placeOf(one) !== placeOf(decided)),
  }));
  return withBottles(state, bottles);
}
