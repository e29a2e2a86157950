import type { KeyName } from './keys.ts';
import { moved } from './moved.ts';
import { pressInDetail } from './press-detail.ts';
import { pressInField } from './press-field.ts';
import { cursorIndex, listed, type Pressed, placeOf, type ScreenState, withBottles } from './state.ts';
import { typed } from './typed.ts';

/** What a key does. */
export function press(state: ScreenState, key: KeyName): Pressed {
  if (key === 'ctrl-c') return { state, effect: { do: 'quit' } };
  if (state.isBusy) return { state };
  const { notice, ...rest } = state;
  if (notice?.isAlert) return { state: rest };
  const { view } = rest;
  if (view.at === 'filter') return { state: pressInFilter(rest, key) };
  if (view.at === 'list') return pressInList(rest, key);
  return view.field === undefined
    ? pressInDetail(rest, view, key)
    : pressInField(rest, view, view.field, key);
}

function pressInList(state: ScreenState, key: KeyName): Pressed {
  const proposals = listed(state);
  const index = cursorIndex(state);
  switch (key) {
    case 'q':
      return { state, effect: { do: 'quit' } };
    case '/':
      return { state: { ...state, view: { at: 'filter' } } };
    case 'escape':
      return { state: withFilter(state, '') };
    case 'enter':
    case 'right': {
      const proposal = proposals[index];
      if (proposal === undefined) return { state };
      return { state: { ...state, isBusy: true }, effect: { do: 'open', proposal } };
    }
    default:
      return { state: atIndex(state, moved(key, index, proposals.length)) };
  }
}

function pressInFilter(state: ScreenState, key: KeyName): ScreenState {
  if (key === 'enter') return { ...state, view: { at: 'list' } };
  if (key === 'escape') return { ...withFilter(state, ''), view: { at: 'list' } };
  return withFilter(state, typed(state.filter, key));
}

function withFilter(state: ScreenState, filter: string): ScreenState {
  return withBottles({ ...state, filter }, state.bottles);
}

function atIndex(state: ScreenState, index: number): ScreenState {
  const proposal = listed(state)[index];
  return proposal === undefined ? state : { ...state, cursor: placeOf(proposal) };
}
