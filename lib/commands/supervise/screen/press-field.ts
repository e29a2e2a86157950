import type { Verdict } from '../../../daemons/contract/supervise/decision.ts';
import { BottleError } from '../../../errors.ts';
import { approvalOf, rejectionOf } from '../verdict-of.ts';
import type { KeyName } from './keys.ts';
import { as } from './press-detail.ts';
import { type Detail, type Field, type Pressed, type ScreenState, withNotice } from './state.ts';
import { typed } from './typed.ts';

/** What a key does while a text is typed. */
export function pressInField(state: ScreenState, detail: Detail, field: Field, key: KeyName): Pressed {
  const { field: _, ...rest } = detail;
  if (key === 'escape') return { state: { ...state, view: rest } };
  if (key !== 'enter') {
    const text = typed(field.text, key);
    return { state: { ...state, view: { ...detail, field: { ...field, text } } } };
  }
  if (field.text.trim() === '') return { state: withNotice(state, 'type something, or press Esc') };
  try {
    const verdict = verdictOf(detail, field);
    return { state: { ...state, isBusy: true }, effect: { do: 'decide', detail: rest, verdict } };
  } catch (error) {
    if (!(error instanceof BottleError)) throw error;
    return { state: withNotice(state, error.message) };
  }
}

function verdictOf({ shown: { request }, edited }: Detail, { purpose, text }: Field): Verdict {
  if (purpose === 'reason') return rejectionOf(text);
  if (purpose === 'answer') return approvalOf(request, { answer: text });
  return as(edited, approvalOf(request, { uses: text }));
}
