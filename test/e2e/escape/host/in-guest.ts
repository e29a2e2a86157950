import { join } from 'node:path';
import { build } from 'esbuild';
import { execa } from 'execa';
import { z } from 'zod';
import { KIT } from '../../../support/kit.ts';
import type { GuestAttack, GuestScene } from '../attack.ts';
import type { AttackedBottle } from './scene.ts';

const report = z.strictObject({ name: z.string(), met: z.string(), ms: z.number() });

/** Attacks that run at once; most of them wait. */
const AT_ONCE = 12;

/** The program that makes attacks in a guest, as text. */
export async function guestProgram(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, '..', 'guest', 'main.ts')],
    ...{ bundle: true, platform: 'node', format: 'esm', write: false },
  });
  return outputFiles[0]?.text ?? '';
}

/** Makes attacks in a guest, as its agent or as root. `onError` hears what they print beside. @returns what each met, by its name. */
export async function attackIn(
  bottle: AttackedBottle,
  as: 'agent' | 'root',
  { program, attacks, scene }: { program: string; attacks: readonly GuestAttack[]; scene: GuestScene },
  onError: (text: string) => void = () => {},
): Promise<Map<string, string>> {
  const { user, slug } = bottle;
  const node = ['node', '--input-type=module', '-'];
  const [command = '', ...words] =
    as === 'agent'
      ? [process.execPath, join(KIT, 'scripts', 'exec.ts'), '--bottle', slug, '--', ...node]
      : [user.smolvm, 'machine', 'exec', '--name', `bot-bottle-${slug}`, '-i', '--', ...node];
  const names = attacks.map(({ name }) => name);
  const atOnce = attacks.some(({ alone }) => alone) ? 1 : AT_ONCE;
  const running = execa(command, words, {
    ...{ env: user.env, extendEnv: false, reject: false },
    input: `globalThis.attacks = ${JSON.stringify({ names, scene, atOnce })};\n${program}`,
  });
  running.stderr.on('data', (chunk) => onError(String(chunk)));
  const { stdout, stderr } = await running;
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  const met = new Map(
    lines.map((line) => report.parse(JSON.parse(line))).map(({ name, met }) => [name, met]),
  );
  for (const name of names) if (!met.has(name)) met.set(name, `not tried: ${stderr.slice(-300)}`);
  return met;
}
