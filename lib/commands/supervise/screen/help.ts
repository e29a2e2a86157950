import { limitText } from '../proposal-text.ts';
import { hasUses, isEditable, isGranted } from './press-detail.ts';
import type { Detail, Field, ScreenState } from './state.ts';

const FIELDS: Readonly<Record<Field['purpose'], string>> = {
  uses: 'number of uses',
  reason: 'reason',
  answer: 'answer',
};

/** The keys that do something now. */
export function helpOf({ view, isBusy, notice }: ScreenState): readonly string[] {
  if (isBusy) return ['please wait', 'Ctrl-C quit'];
  if (notice?.isAlert) return ['any key goes on', 'Ctrl-C quit'];
  if (view.at === 'list') return ['↑↓ move', 'Enter open', '/ filter', 'q quit'];
  if (view.at === 'filter') return ['Enter keep the filter', 'Esc drop it'];
  if (view.field !== undefined) return ['Enter send', 'Esc cancel'];
  return [...decisions(view), '↑↓ scroll', 'Esc back'];
}

/** What is typed, if anything is. */
export function inputOf({ view, filter }: ScreenState): string | undefined {
  if (view.at === 'filter') return `filter: ${filter}_`;
  if (view.at === 'list' || view.field === undefined) return undefined;
  return `${FIELDS[view.field.purpose]}: ${view.field.text}_`;
}

function decisions({ shown: { request }, edited }: Detail): string[] {
  if (request.kind === 'notify') return ['a seen'];
  if (request.kind === 'ask') {
    const { choices } = request;
    return [choices === undefined ? 't answer' : `1-${choices.length % 10} choose`, 'r reject'];
  }
  const edit = isEditable(request) ? ['e edit'] : [];
  if (!isGranted(request)) return ['a approve', ...edit, 'r reject'];
  const now = edited ?? request;
  const asked = now.kind === 'allow' ? now.limit : undefined;
  return [
    asked === undefined
      ? `a approve for this ${hasUses(request) ? 'bottle' : 'bundle'}`
      : `a approve as asked (${limitText(asked)})`,
    ...['1 for 10 min', '2 for 1 h'],
    ...(hasUses(request) ? ['u for n uses'] : []),
    ...(asked === undefined ? [] : ['b for this bottle']),
    ...edit,
    'r reject',
  ];
}
