import type { SuspendTerminal } from 'ink';
import type { PendingOfBottle } from '../../../supervise/queues.ts';
import { decideShown, editShown, openProposal, type Step, takeUp } from './desk.ts';
import { lastScroll } from './detail-lines.ts';
import { bodyRows, type Size } from './frame.ts';
import type { KeyName } from './keys.ts';
import { press } from './press.ts';
import type { MountedScreen, ScreenProps } from './screen.ts';
import { type Effect, FIRST_STATE, type ScreenState } from './state.ts';

/**
 * Shows what is pending on the terminal, and lets the person decide, until `q`, Ctrl-C or the signal. The terminal is then
 * as it was before.
 * @param watch yields what is pending whenever that changes, until its signal aborts.
 */
export async function runScreen(
  watch: (signal: AbortSignal) => AsyncIterable<PendingOfBottle[]>,
  signal: AbortSignal,
): Promise<void> {
  const { mountScreen } = await loadScreen();
  const left = new AbortController();
  const ended = AbortSignal.any([signal, left.signal]);
  let state = FIRST_STATE;
  let screen: MountedScreen | undefined;
  let suspend: SuspendTerminal | undefined;
  let failure: unknown;

  const onMount = (lender: SuspendTerminal) => {
    suspend = lender;
  };
  const onKeys = (keys: readonly KeyName[], size: Size) => {
    for (const key of keys) {
      const pressed = press(state, key);
      state = scrolled(pressed.state, size);
      if (pressed.effect !== undefined) begin(pressed.effect);
    }
    screen?.update(props());
  };
  const props = (): ScreenProps => ({ state, onKeys, onMount, isColored: process.stdout.hasColors() });
  const apply = (step: Step) => {
    state = step(state);
    screen?.update(props());
  };
  const lend = async (work: () => Promise<void>) => suspend?.(work);
  const begin = (effect: Effect) => {
    if (effect.do === 'quit') {
      left.abort();
      return;
    }
    carryOut(effect, lend).then(
      (step) => apply((current) => ({ ...step(current), isBusy: false })),
      (error: unknown) => {
        failure = error;
        left.abort();
      },
    );
  };

  try {
    for await (const bottles of watch(ended)) {
      apply(await takeUp(state, bottles));
      // Not earlier, since it would say that nothing is pending.
      screen ??= mountScreen(props());
    }
  } finally {
    await screen?.leave();
  }
  if (failure !== undefined) throw failure;
}

async function carryOut(
  effect: Exclude<Effect, { do: 'quit' }>,
  lend: (work: () => Promise<void>) => Promise<void>,
): Promise<Step> {
  if (effect.do === 'open') return openProposal(effect.proposal);
  if (effect.do === 'edit') return editShown(effect.detail, lend);
  return decideShown(effect.detail, effect.verdict);
}

/** Keys that scroll end at the last line, which depends on the size of the screen. */
function scrolled(state: ScreenState, size: Size): ScreenState {
  const { view } = state;
  if (view.at !== 'detail') return state;
  const room = { columns: size.columns, rows: bodyRows(state, size) };
  const scroll = Math.min(view.scroll, lastScroll(view, room, Date.now()));
  return { ...state, view: { ...view, scroll } };
}

/** Loads React without its checks for development, which cost time and memory. */
async function loadScreen(): Promise<typeof import('./screen.ts')> {
  const before = process.env.NODE_ENV;
  process.env.NODE_ENV = 'production';
  try {
    return await import('./screen.ts');
  } finally {
    // The editor is to see the person's own environment.
    if (before === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = before;
  }
}
