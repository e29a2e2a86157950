import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

/** Whether tmux is installed, for titles of tests that need it. */
export const HAS_TMUX = (await execa('tmux', ['-V'], { reject: false })).exitCode === 0;

/** A command on a terminal of its own, driven by keys. */
export class Tmux {
  readonly #socket = `bk-${randomInt(1e9)}`;
  readonly #env: Readonly<Record<string, string>>;

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = { ...env, TERM: 'xterm-256color', LANG: 'C.UTF-8' };
  }

  /** Starts the command; the terminal stays when it ends, and then shows `Pane is dead (status N)`. */
  async start(command: readonly string[], columns = 120, rows = 40): Promise<void> {
    const words = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    await this.#tmux(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-x',
      String(columns),
      '-y',
      String(rows),
      words,
      ';',
      'set',
      'remain-on-exit',
      'on',
    );
  }

  /** Sends keys by tmux's names, such as `Enter` or `C-c`; other text is typed. */
  async keys(...keys: string[]): Promise<void> {
    await this.#tmux('send-keys', ...keys);
  }

  /** Pastes a text as terminals do, in brackets where the program wants that. */
  async paste(text: string): Promise<void> {
    await this.#tmux('set-buffer', text, ';', 'paste-buffer', '-p');
  }

  async title(): Promise<string> {
    return (await this.#tmux('display', '-p', '#{pane_title}')).stdout;
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  async screen(): Promise<string> {
    return (await this.#tmux('capture-pane', '-p')).stdout;
  }

  /** What tmux knows of its terminal: whether it shows the other screen, the cursor, and reports the mouse. */
  async modes(): Promise<{ otherScreen: boolean; cursor: boolean; mouse: boolean }> {
    const format = '#{alternate_on} #{cursor_flag} #{mouse_any_flag}';
    const [otherScreen, cursor, mouse] = (await this.#tmux('display', '-p', format)).stdout
      .split(' ')
      .map((flag) => flag === '1');
    return { otherScreen: otherScreen === true, cursor: cursor === true, mouse: mouse === true };
  }

  /** Waits until the screen matches. @throws Error with the last screen after `timeoutMs`. */
  async shows(pattern: RegExp, timeoutMs = 30_000): Promise<string> {
    for (const end = Date.now() + timeoutMs; ; await sleep(200)) {
      const screen = await this.screen();
      if (pattern.test(screen)) return screen;
      if (Date.now() > end) throw new Error(`the screen never matched ${pattern}:\n${screen}`);
    }
  }

  async end(): Promise<void> {
    await this.#tmux('kill-server');
  }

  #tmux(...args: string[]) {
    return execa('tmux', ['-L', this.#socket, ...args], { env: this.#env, extendEnv: false, reject: false });
  }
}
