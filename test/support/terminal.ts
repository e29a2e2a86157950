import { execa } from 'execa';

/** A simulated user action: once the text is shown, these keys are pressed. */
export type Answer = readonly [shown: string, keys: string];

export interface OnTerminal {
  env: Readonly<Record<string, string>>;
  /** Columns of the terminal; 80 when absent. */
  columns?: number;
  cwd?: string;
}

/** The bytes that a terminal sends for each key. */
export const KEYS = { enter: '\r', ctrlC: '\u0003', ctrlD: '\u0004' } as const;

/**
 * Runs a command on its own terminal (with util-linux `script`), typing each answer once its text is shown.
 */
export async function onTerminal(
  command: readonly string[],
  answers: readonly Answer[],
  { env, columns = 80, cwd }: OnTerminal,
): Promise<{ exitCode: number | undefined; shown: string }> {
  const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const line = `stty columns ${columns} && exec ${quoted}`;
  const run = execa('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
    env: { TERM: 'xterm', ...env },
    extendEnv: false,
    reject: false,
    all: true,
    timeout: 60_000,
    ...(cwd === undefined ? {} : { cwd }),
  });
  const open = [...answers];
  let [shown, seen] = ['', 0];
  run.all.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    for (let [answer] = open; answer !== undefined; [answer] = open) {
      const found = shown.indexOf(answer[0], seen);
      if (found === -1) return;
      seen = found + answer[0].length;
      run.stdin.write(answer[1]);
      open.shift();
    }
  });
  const { exitCode } = await run;
  return { exitCode, shown };
}
