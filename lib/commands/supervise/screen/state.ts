import type { Verdict } from '../../../daemons/contract/supervise/decision.ts';
import type { Proposal } from '../../../daemons/contract/supervise/proposal.ts';
import type { SuperviseRequest } from '../../../daemons/contract/supervise/request.ts';
import type { PendingOfBottle } from '../../../supervise/queues.ts';
import { summaryOf } from '../proposal-text.ts';

/** A text that is being typed about the proposal that is shown. */
export interface Field {
  readonly purpose: 'uses' | 'reason' | 'answer';
  readonly text: string;
}

/** A proposal as it was when it was opened: what is decided about is what was shown. */
export interface Detail {
  readonly at: 'detail';
  readonly shown: Proposal;
  /** As the person edited it. */
  readonly edited?: SuperviseRequest;
  /** What would change in the routes in force, and the version of the policy that it was told from. */
  readonly change: Change;
  /** First line that is shown. */
  readonly scroll: number;
  readonly field?: Field;
}

export interface Change {
  readonly lines: readonly string[];
  /** Absent where no route is asked for, or the policy cannot be read. */
  readonly version?: string;
}

export interface Notice {
  readonly text: string;
  /** Must be seen: the next key does nothing but take it away. */
  readonly isAlert: boolean;
}

/** All that the screen shows, apart from its size and the time. */
export interface ScreenState {
  readonly bottles: readonly PendingOfBottle[];
  readonly filter: string;
  /** Place of the proposal under the cursor. */
  readonly cursor: string | undefined;
  readonly view: { readonly at: 'list' } | { readonly at: 'filter' } | Detail;
  /** Something is read, written or edited. Keys count for nothing: what they would act on may not be shown yet. */
  readonly isBusy: boolean;
  readonly notice?: Notice;
}

/** What a key asks for beside a change of the screen. */
export type Effect =
  | { readonly do: 'quit' }
  | { readonly do: 'open'; readonly proposal: Proposal }
  | { readonly do: 'decide'; readonly detail: Detail; readonly verdict: Verdict }
  | { readonly do: 'edit'; readonly detail: Detail };

/** What a key led to. */
export interface Pressed {
  readonly state: ScreenState;
  readonly effect?: Effect;
}

export const FIRST_STATE: ScreenState = {
  bottles: [],
  filter: '',
  cursor: undefined,
  view: { at: 'list' },
  isBusy: false,
};

/** Unique among all bottles. */
export function placeOf({ bottle, id }: Proposal): string {
  return `${bottle} ${id}`;
}

/** The proposals that the filter admits, by bottle, oldest first: those with every word of it. */
export function listed({ bottles, filter }: Pick<ScreenState, 'bottles' | 'filter'>): Proposal[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return bottles
    .flatMap(({ pending }) => pending)
    .filter((proposal) => {
      const text = textOf(proposal).toLowerCase();
      return words.every((word) => text.includes(word));
    });
}

function textOf({ bottle, id, request }: Proposal): string {
  const reason = 'reason' in request ? request.reason : '';
  return `${bottle} ${id} ${request.kind} ${summaryOf(request)} ${reason}`;
}

/** Index of the proposal under the cursor; 0 when that is gone. */
export function cursorIndex(state: ScreenState): number {
  return Math.max(
    0,
    listed(state).findIndex((proposal) => placeOf(proposal) === state.cursor),
  );
}

export function withNotice(state: ScreenState, text: string, isAlert = false): ScreenState {
  return { ...state, notice: { text, isAlert } };
}

/** Takes up what is pending now. Where the proposal under the cursor is gone, the next one takes its place. */
export function withBottles(state: ScreenState, bottles: readonly PendingOfBottle[]): ScreenState {
  const next = { ...state, bottles };
  const proposals = listed(next);
  if (proposals.some((proposal) => placeOf(proposal) === state.cursor)) return next;
  const successor = proposals[Math.min(cursorIndex(state), proposals.length - 1)];
  return { ...next, cursor: successor === undefined ? undefined : placeOf(successor) };
}
