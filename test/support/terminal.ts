import { execa } from 'execa';

/** What a person does: once the text is shown, these keys are pressed. */
export type Answer = readonly [shown: string, keys: string];

export interface OnTerminal {
  env: Readonly<Record<string, string>>;
  /** Columns of the terminal; 80 when absent. */
  columns?: number;
  cwd?: string;
}

/** Keys by the bytes that a terminal sends. */
export const KEYS = { enter: '\r', ctrlC: '\u0003', ctrlD: '\u0004' } as const;

/** Runs a command on a terminal of its own (Debian's `script`), typing each answer once its text is shown. */
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
  let [shown, next, seen] = ['', 0, 0];
  run.all.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    const [expected, keys] = answers[next] ?? [];
    if (expected === undefined || keys === undefined) return;
    const found = shown.indexOf(expected, seen);
    if (found === -1) return;
    seen = found + expected.length;
    next += 1;
    run.stdin.write(keys);
  });
  const { exitCode } = await run;
  return { exitCode, shown };
}
