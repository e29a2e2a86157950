import type { Verdict } from '../../../daemons/contract/supervise/decision.ts';
import type { SuperviseRequest } from '../../../daemons/contract/supervise/request.ts';
import { approvalOf } from '../verdict-of.ts';
import type { KeyName } from './keys.ts';
import { moved } from './moved.ts';
import type { Detail, Field, Pressed, ScreenState } from './state.ts';

/** What a key does where a proposal is shown. */
export function pressInDetail(state: ScreenState, detail: Detail, key: KeyName): Pressed {
  if (key === 'q' || key === 'escape' || key === 'left') return { state: { ...state, view: { at: 'list' } } };
  const purpose = fieldOf(detail.shown.request, key);
  if (purpose !== undefined)
    return { state: { ...state, view: { ...detail, field: { purpose, text: '' } } } };
  if (key === 'e' && isEditable(detail.shown.request))
    return { state: { ...state, isBusy: true }, effect: { do: 'edit', detail } };
  const verdict = verdictOf(detail, key);
  if (verdict !== undefined)
    return { state: { ...state, isBusy: true }, effect: { do: 'decide', detail, verdict } };
  // Where the end is, only the view knows.
  const scroll = moved(key, detail.scroll, Number.MAX_SAFE_INTEGER);
  return { state: { ...state, view: { ...detail, scroll } } };
}

/** Kinds that the person can change before they are approved. */
export function isEditable({ kind }: SuperviseRequest): boolean {
  return kind === 'allow' || kind === 'capability';
}

/** Kinds that are granted for a while, or for some uses. */
export function isGranted({ kind }: SuperviseRequest): boolean {
  return kind === 'allow' || kind === 'git-allow' || kind === 'egress-token-allow';
}

/** Kinds whose uses can be counted. */
export function hasUses(request: SuperviseRequest): boolean {
  return isGranted(request) && request.kind !== 'egress-token-allow';
}

/** The text that a key begins. */
function fieldOf(request: SuperviseRequest, key: KeyName): Field['purpose'] | undefined {
  if (key === 'r' && request.kind !== 'notify') return 'reason';
  if (key === 'u' && hasUses(request)) return 'uses';
  const isFree = request.kind === 'ask' && request.choices === undefined;
  return isFree && (key === 't' || key === 'enter') ? 'answer' : undefined;
}

function verdictOf({ shown: { request }, edited }: Detail, key: KeyName): Verdict | undefined {
  if (request.kind === 'ask') return answerOf(request, key);
  if (key === 'a') return as(edited, approvalOf(edited ?? request, {}));
  if (!isGranted(request)) return undefined;
  if (key === '1') return as(edited, approvalOf(request, { for: '10m' }));
  if (key === '2') return as(edited, approvalOf(request, { for: '1h' }));
  return key === 'b' ? as(edited, { state: 'approved' }) : undefined;
}

/** Ten choices at most: the last one is 0. */
function answerOf(
  { choices }: Extract<SuperviseRequest, { kind: 'ask' }>,
  key: KeyName,
): Verdict | undefined {
  const text = /^[0-9]$/.test(key) ? choices?.[(Number(key) + 9) % 10] : undefined;
  return text === undefined ? undefined : { state: 'answered', text };
}

/** An approval of what the person edited, if anything. */
export function as(edited: SuperviseRequest | undefined, verdict: Verdict): Verdict {
  if (edited === undefined || verdict.state !== 'approved') return verdict;
  return { ...verdict, state: 'modified', request: edited };
}
