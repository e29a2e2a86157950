import { networkInterfaces } from 'node:os';
import { execa } from 'execa';
import { BottleError, messageOf } from '../errors.ts';
import { childEnvironment } from '../host/child-environment.ts';

/** Allows 16 bottles at once; the addresses are those of bot-bottle. */
export const ALIAS_POOL: readonly string[] = Array.from(
  { length: 16 },
  (_, index) => `127.0.0.${16 + index}`,
);

/** Returns the lowest unused alias. @throws BottleError `aliases-exhausted` */
export function lowestFree(used: ReadonlySet<string>): string {
  const free = ALIAS_POOL.find((alias) => !used.has(alias));
  if (free !== undefined) return free;
  throw new BottleError('aliases-exhausted', `all ${ALIAS_POOL.length} loopback aliases are taken`, {
    hint: 'Tear down a bottle (`make status`, `make teardown BOTTLE=…`), or run `make cleanup`.',
  });
}

/** Returns the `ifconfig` commands that add the missing aliases; macOS only routes 127.0.0.1 itself. */
export function missingAliasCommands(present: ReadonlySet<string>): string[][] {
  const missing = ALIAS_POOL.filter((alias) => !present.has(alias));
  return missing.map((alias) => ['ifconfig', 'lo0', 'alias', alias, 'up']);
}

/** Ensures that the pool's addresses exist. On Linux, all of 127/8 is already loopback. */
export async function ensureAliasPool(
  say: (line: string) => void,
  platform = process.platform,
): Promise<void> {
  if (platform !== 'darwin') return;
  const present = new Set((networkInterfaces().lo0 ?? []).map((entry) => entry.address));
  const commands = missingAliasCommands(present);
  if (commands.length === 0) return;
  say(`adding ${commands.length} loopback aliases to lo0 (requires sudo once; they last until reboot)`);
  for (const command of commands) {
    try {
      // sudo caches the password, so only the first command prompts for it.
      await execa('sudo', command, {
        ...{ stdio: ['inherit', 'ignore', 'inherit'], env: childEnvironment('plain'), extendEnv: false },
      });
    } catch (error) {
      throw new BottleError('engine-failed', `sudo ${command.join(' ')} failed: ${messageOf(error)}`, {
        hint: 'Run the command yourself, then try again.',
      });
    }
  }
}
