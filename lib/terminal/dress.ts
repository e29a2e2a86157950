import { printable } from '../host/printable.ts';

const ESC = '\u001b';
const ST = `${ESC}\\`;

/** As most terminals show the 16 colors. */
const COLORS: Readonly<Record<string, string>> = {
  ...{ black: '#000000', red: '#cd0000', green: '#00cd00', yellow: '#cdcd00', blue: '#1e6eee' },
  ...{ magenta: '#cd00cd', cyan: '#00cdcd', white: '#e5e5e5', gray: '#7f7f7f', redBright: '#ff0000' },
  ...{ greenBright: '#00ff00', yellowBright: '#ffff00', blueBright: '#5c5cff', magentaBright: '#ff00ff' },
  ...{ cyanBright: '#00ffff', whiteBright: '#ffffff' },
};

/** How a terminal shows whose session it holds: a title, and a color of the cursor. */
export interface Dress {
  /** Written before the session; keeps the title that the terminal had. */
  readonly on: string;
  /** Written again after the terminal was reset. */
  readonly again: string;
  /** Written after the session. */
  readonly off: string;
}

export const UNDRESSED: Dress = { on: '', again: '', off: '' };

/** @param color one of the 16 names; any other stands for none. */
export function dressOf({ title, color }: { title: string; color: string }): Dress {
  if (process.env.TERM === 'dumb') return UNDRESSED;
  const hue = Object.hasOwn(COLORS, color) ? COLORS[color] : undefined;
  const again = `${ESC}]2;${printable(title)}${ST}${hue === undefined ? '' : `${ESC}]12;${hue}${ST}`}`;
  return {
    on: `${ESC}[22;2t${again}`,
    again,
    off: `${hue === undefined ? '' : `${ESC}]112${ST}`}${ESC}[23;2t`,
  };
}
