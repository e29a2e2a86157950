import { networkInterfaces } from 'node:os';
import { execa } from 'execa';
import { BottleError, messageOf } from '../errors.ts';

/** Sixteen bottles at once; the numbers are bot-bottle's. */
export const ALIAS_POOL: readonly string[] = Array.from(
  { length: 16 },
  (_, index) => `127.0.0.${16 + index}`,
);

/** The lowest alias that nobody uses. @throws BottleError `aliases-exhausted`. */
export function lowestFree(used: ReadonlySet<string>): string {
  const free = ALIAS_POOL.find((alias) => !used.has(alias));
  if (free !== undefined) return free;
  throw new BottleError('aliases-exhausted', `all ${ALIAS_POOL.length} loopback aliases are taken`, {
    hint: 'End a bottle (`make status`, `make teardown BOTTLE=…`), or run `make cleanup`.',
  });
}

/** The `ifconfig` calls that give macOS the aliases it lacks; it routes 127.0.0.1 alone by itself. */
export function missingAliasCommands(present: ReadonlySet<string>): string[][] {
  const missing = ALIAS_POOL.filter((alias) => !present.has(alias));
  return missing.map((alias) => ['ifconfig', 'lo0', 'alias', alias, 'up']);
}

/** Makes sure that the pool's addresses exist. On Linux all of 127/8 is loopback already. */
export async function ensureAliasPool(
  say: (line: string) => void,
  platform = process.platform,
): Promise<void> {
  if (platform !== 'darwin') return;
  const present = new Set((networkInterfaces().lo0 ?? []).map((entry) => entry.address));
  const commands = missingAliasCommands(present);
  if (commands.length === 0) return;
  say(`adding ${commands.length} loopback aliases to lo0; they last until reboot, and need sudo once`);
  for (const command of commands) {
    try {
      // sudo keeps its ticket, so that the first of these asks and the rest do not.
      await execa('sudo', command, { stdio: ['inherit', 'ignore', 'inherit'] });
    } catch (error) {
      throw new BottleError('engine-failed', `sudo ${command.join(' ')} failed: ${messageOf(error)}`, {
        hint: 'Run it by hand, then try again.',
      });
    }
  }
}
