import { Box, render, type SuspendTerminal, Text, useApp, useInput, usePaste, useWindowSize } from 'ink';
import { createElement, useEffect, useState } from 'react';
import { frame, type Size } from './frame.ts';
import { isTyped, type KeyName, keysOf } from './keys.ts';
import type { Line, LineStyle } from './lines.ts';
import type { ScreenState } from './state.ts';

export interface ScreenProps {
  readonly state: ScreenState;
  readonly isColored: boolean;
  readonly onKeys: (keys: readonly KeyName[], size: Size) => void;
  /** Called with what lends the terminal to another program. */
  readonly onMount: (suspend: SuspendTerminal) => void;
}

/** The screen on a terminal. */
export interface MountedScreen {
  update(props: ScreenProps): void;
  /** Brings the terminal back as it was before. */
  leave(): Promise<void>;
}

/** Draws on the terminal's other screen until it is left. */
export function mountScreen(props: ScreenProps): MountedScreen {
  const { rerender, unmount, waitUntilExit } = render(createElement(Screen, props), {
    ...{ alternateScreen: true, exitOnCtrlC: false, incrementalRendering: true },
    // It is a terminal, whatever CI says.
    interactive: true,
  });
  return {
    update: (next) => rerender(createElement(Screen, next)),
    leave: async () => {
      unmount();
      await waitUntilExit();
    },
  };
}

/** Milliseconds between two times that ages are written anew. */
const CLOCK_MS = 1000;

function Screen({ state, isColored, onKeys, onMount }: ScreenProps) {
  const { suspendTerminal } = useApp();
  const { columns, rows } = useWindowSize();
  const now = useClock();
  const size = { columns: Math.max(20, columns), rows: Math.max(5, rows) };
  useEffect(() => onMount(suspendTerminal), [onMount, suspendTerminal]);
  useInput((input, key) => onKeys(keysOf(input, key), size));
  // What is pasted is text, of which nothing acts as a key: `a` would approve.
  usePaste((text) => {
    if (isTyping(state)) onKeys([...text.replaceAll(/\s+/g, ' ')].filter(isTyped), size);
  });
  const lines = frame(state, size, now).map((line, index) =>
    createElement(Text, { key: index, wrap: 'truncate', ...looks(line, isColored) }, line.text || ' '),
  );
  return createElement(Box, { flexDirection: 'column', height: size.rows }, ...lines);
}

function isTyping({ view }: ScreenState): boolean {
  return view.at === 'filter' || (view.at === 'detail' && view.field !== undefined);
}

function useClock(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), CLOCK_MS);
    return () => clearInterval(timer);
  }, []);
  // What came since the last tick is not from the future.
  return Math.max(now, Date.now());
}

const LOOKS: Readonly<Record<LineStyle, object>> = {
  plain: {},
  bold: { bold: true },
  dim: { dimColor: true },
  chosen: { inverse: true },
  added: { color: 'green' },
  alert: { color: 'yellow' },
};

function looks({ style }: Line, isColored: boolean): object {
  return isColored ? LOOKS[style] : {};
}
