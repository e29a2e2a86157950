import { z } from 'zod';

const row = z.object({
  group: z.string(),
  tried: z.string(),
  happened: z.string(),
  asItShouldBe: z.boolean(),
});
export type Row = z.infer<typeof row>;
export const printed = z.object({ rows: z.array(row), summary: z.string() });

/** What a test may set apart from what a bottle's environment says. */
export interface Settings {
  user: { name: string; uid: number; home: string };
  outside: { host: string; port: number }[];
  host: { host: string; port: number }[];
  dockerSockets: string[];
  publicResolver: string;
  outsideName: string;
  blockedMs: number;
  answerMs: number;
}

type Environment = Readonly<Record<string, string | undefined>>;
const anyFunction = z.custom<(...values: unknown[]) => unknown>((value) => typeof value === 'function');

export const TOUR = new URL('../../../fixtures/agents/demo/tour.mjs', import.meta.url);

/** The tour is plain JavaScript, as it runs in the guest: what crosses over is checked here. */
async function load(file: string, name: string): Promise<(...values: unknown[]) => unknown> {
  const specifier = new URL(`tour/${file}.mjs`, TOUR).href;
  const module: unknown = await import(specifier);
  return z
    .looseObject({ [name]: anyFunction })
    .transform((exports) => anyFunction.parse(exports[name]))
    .parse(module);
}

export async function takeTour(environment: Environment, changes: Settings): Promise<Row[]> {
  const settingsFrom = await load('settings', 'settingsFrom');
  const { settings } = z
    .object({ settings: z.record(z.string(), z.unknown()) })
    .parse(settingsFrom(environment));
  const tour = await load('take-tour', 'takeTour');
  return z.array(row).parse(await tour({ ...settings, ...changes }));
}

export async function tableOf(rows: Row[], options: { color: boolean; width: number }): Promise<string> {
  const table = await load('table', 'tableOf');
  return z.string().parse(table(rows, { ...options, slug: 'demo-a1b2c' }));
}
