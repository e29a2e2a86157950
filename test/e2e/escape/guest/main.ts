// Runs in a guest. Before it stands `globalThis.attacks`, with names of attacks and the scene; prints a line of JSON for each.
import { type GuestScene, slugOf } from '../attack.ts';
import { GUEST_ATTACKS } from '../catalog.ts';

declare global {
  var attacks: { names: string[]; scene: GuestScene; atOnce: number };
}

const LONGEST_MS = 60_000;

const { names, scene, atOnce } = globalThis.attacks;
const waiting = GUEST_ATTACKS.filter(({ name }) => names.includes(name));

async function work(): Promise<void> {
  for (let attack = waiting.shift(); attack !== undefined; attack = waiting.shift()) {
    const late = new Promise<string>((resolve) => setTimeout(resolve, LONGEST_MS, 'nothing in time').unref());
    const tried = attack.run(scene, slugOf(attack.name)).catch((error: unknown) => `failed: ${error}`);
    const [started, met] = [Date.now(), await Promise.race([tried, late])];
    process.stdout.write(`${JSON.stringify({ name: attack.name, met, ms: Date.now() - started })}\n`);
  }
}

await Promise.all(Array.from({ length: atOnce }, work));
process.stdout.write('', () => process.exit());
