import serialize from '@xterm/addon-serialize';
import headless from '@xterm/headless';
import type { TerminalSize } from '../guest/session.ts';
import { OutputFilter } from '../terminal/filter/output-filter.ts';

/** Lines that have left the screen and are shown again to who joins. */
const SCROLLBACK = 1000;

/** The terminal of a session that nobody looks at: it remembers the screen, and answers questions. */
export class Screen {
  readonly #terminal: InstanceType<typeof headless.Terminal>;
  readonly #serializer = new serialize.SerializeAddon();
  readonly #filter: OutputFilter;

  /** @param onAnswer is given what a terminal answers to questions in the output. */
  constructor(size: TerminalSize, clipboard: boolean, onAnswer: (text: string) => void) {
    const { columns: cols, rows } = size;
    this.#terminal = new headless.Terminal({ cols, rows, scrollback: SCROLLBACK, allowProposedApi: true });
    this.#terminal.loadAddon(this.#serializer);
    this.#terminal.onData(onAnswer);
    this.#filter = new OutputFilter({ clipboard });
  }

  /** Whether the session draws on a screen of its own. */
  get isDrawn(): boolean {
    return this.#filter.touched.isDrawn;
  }

  /** Draws output. @returns what of it may reach a real terminal, when it is drawn. */
  async draw(output: Buffer): Promise<Buffer> {
    const passed = this.#filter.write(output);
    await new Promise<void>((resolve) => this.#terminal.write(passed, resolve));
    return passed;
  }

  resize({ columns, rows }: TerminalSize): void {
    this.#terminal.resize(Math.max(2, columns), Math.max(1, rows));
  }

  /** Returns what makes a terminal of the same size show the same, in the same modes. */
  replay(): Buffer {
    return Buffer.from(
      this.#serializer.serialize({ scrollback: SCROLLBACK }) + this.#filter.touched.replay(),
    );
  }
}
