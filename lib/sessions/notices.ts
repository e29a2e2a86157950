import { line } from '../terminal/output.ts';

/** What the operator is told while a session has the terminal. */
export class Notices {
  readonly #otherwise: (text: string) => void;
  #show: (text: string) => void;

  /** @param otherwise shows notices while no terminal does. */
  constructor(otherwise: (text: string) => void = line) {
    this.#otherwise = this.#show = otherwise;
  }

  say(text: string): void {
    this.#show(text);
  }

  /** Has notices shown by `show`, until the returned function is called. */
  showBy(show: (text: string) => void): () => void {
    this.#show = show;
    return () => {
      this.#show = this.#otherwise;
    };
  }
}

const ESC = '\u001b';
const BELL = '\u0007';

/**
 * Returns what shows a notice on a terminal in raw mode. Below what an agent prints line by line; over the top of a
 * screen that the agent draws, where it stays until the agent draws there again.
 */
export function noticeText(text: string, isDrawn: boolean): string {
  const lines = text.split('\n').map((each) => `${ESC}[7m ${each} ${ESC}[0m${ESC}[K`);
  if (!isDrawn) return `${BELL}\r\n${lines.join('\r\n')}\r\n`;
  return `${BELL}${ESC}7${ESC}[1;1H${lines.join('\r\n')}${ESC}8`;
}
