const ESC = '\u001b';
const CSI = `${ESC}[`;
const OSC = `${ESC}]`;
const ST = `${ESC}\\`;

/** Modes that show another screen, which has keys of its own in kitty's protocol. */
const SCREENS = [47, 1047, 1049];

/** Private modes that are on in a terminal which nobody touched. All others are off. */
const ON_BY_DEFAULT = [7, 25];

/** Private modes that come back with something else: the cursor's style, the screen, the cursor's place. */
const NOT_RESET = [12, 1048, ...SCREENS];

/** Entries that terminals keep at least for kitty's protocol, before they forget those of the shell. */
const MOST_KEYS = 8;

/** Synchronized output freezes the screen, so it ends first. */
const SYNCHRONIZED = 2026;
const ORIGIN = 6;

/**
 * What a session has changed of its terminal. `restore` returns what changes it back, and nothing else: a terminal
 * need not understand what was never used.
 */
export class Touched {
  /** Whether the terminal may be asked; else nobody would read its answers. */
  readonly mayAsk: boolean;
  attributes = false;
  region = false;
  cursorStyle = false;
  modifiedKeys = false;
  keysSet = false;
  tabs = false;
  keypad = false;
  charset = false;
  link = false;
  progress = false;
  /** Whether the terminal may still send answers. */
  queried = false;
  /** Codes that reset colors: 104, 110, 111, 112. */
  readonly colors = new Set<number>();
  /** By number; those of ANSI are negative. */
  readonly #modes = new Map<number, boolean>();
  /** Kitty's stacks of keys, on the main and on the other screen. */
  readonly #keys: readonly [string[], string[]] = [[], []];
  #screen: number | undefined;

  constructor(mayAsk = true) {
    this.mayAsk = mayAsk;
  }

  /** Whether the session has taken the terminal's other screen, on which it draws. */
  get isDrawn(): boolean {
    return this.#screen !== undefined;
  }

  setPrivateMode(mode: number, isOn: boolean): void {
    if (SCREENS.includes(mode)) this.#screen = isOn ? mode : undefined;
    this.#modes.set(mode, isOn);
  }

  setAnsiMode(mode: number, isOn: boolean): void {
    this.#modes.set(-mode, isOn);
  }

  /** Returns whether there is room for another entry. */
  pushKeys(flags: string): boolean {
    const stack = this.#keys[this.#shown];
    if (stack.length >= MOST_KEYS) return false;
    stack.push(flags);
    return true;
  }

  /** Returns how many entries may be removed, which is never one of the shell; undefined for none. */
  popKeys(wanted: number): string | undefined {
    const stack = this.#keys[this.#shown];
    const count = Math.min(wanted, stack.length);
    stack.splice(stack.length - count);
    return count === 0 ? undefined : String(count);
  }

  get #shown(): 0 | 1 {
    return this.#screen === undefined ? 0 : 1;
  }

  /** Whether the terminal may have sent something that nobody asked for at the keyboard. */
  get mayAnswer(): boolean {
    return this.queried || [...this.#modes.keys()].some((mode) => mode >= 1000);
  }

  restore(): string {
    const screen = this.#screen;
    const changed = [...this.#modes].flatMap(([mode, isOn]) =>
      NOT_RESET.includes(mode) || isOn === ON_BY_DEFAULT.includes(mode) ? [] : [mode],
    );
    return [
      changed.includes(SYNCHRONIZED) ? reset(SYNCHRONIZED) : '',
      this.link ? `${OSC}8;;${ST}` : '',
      screen === undefined ? '' : `${this.#leaveKeys(1)}${CSI}?${screen}l`,
      this.#leaveKeys(0),
      this.modifiedKeys ? `${CSI}>4m` : '',
      // Changing the region or its margins moves the cursor.
      this.region ? `${ESC}7` : '',
      ...changed.filter((mode) => mode !== SYNCHRONIZED).map(reset),
      this.region ? `${CSI}r${ESC}8` : '',
      changed.includes(ORIGIN) ? `${reset(ORIGIN)}${CSI}999;1H` : '',
      this.keypad ? `${ESC}>` : '',
      this.charset ? `${ESC}(B${ESC})B\u000f` : '',
      this.attributes ? `${CSI}0m` : '',
      this.cursorStyle || this.#modes.has(12) ? `${CSI}0 q` : '',
      this.tabs ? `${CSI}?5W` : '',
      this.progress ? `${OSC}9;4;0${ST}` : '',
      ...[...this.colors].map((code) => `${OSC}${code}${ST}`),
    ].join('');
  }

  /** Returns what brings another terminal, which shows the same screen, into the same modes. */
  replay(): string {
    const modes = [...this.#modes].filter(([mode]) => !NOT_RESET.includes(mode) && mode !== SYNCHRONIZED);
    return [
      ...modes.map(([mode, isOn]) => `${CSI}${mode > 0 ? `?${mode}` : -mode}${isOn ? 'h' : 'l'}`),
      ...this.#keys[this.#shown].map((flags) => `${CSI}>${flags}u`),
    ].join('');
  }

  #leaveKeys(screen: 0 | 1): string {
    const depth = this.#keys[screen].length;
    const set = this.keysSet && screen === this.#shown ? `${CSI}=0u` : '';
    return set + (depth === 0 ? '' : `${CSI}<${depth}u`);
  }
}

function reset(mode: number): string {
  return `${CSI}${mode > 0 ? `?${mode}` : -mode}${ON_BY_DEFAULT.includes(mode) ? 'h' : 'l'}`;
}
