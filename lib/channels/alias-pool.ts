import { networkInterfaces } from 'node:os';
import { execa } from 'execa';
import { BottleError, messageOf } from '../errors.ts';
import { childEnvironment } from '../host/child-environment.ts';

/** Allows 16 bottles at once; the addresses are those of bot-bottle. */
export const ALIAS_POOL: readonly string[] = Array.from(
  { length: 16 },
  (_, index) => `127.0.0.${16 + index}`,
);

/** Where ports of bottles are published whose guests reach them by sockets, and no address of this host. */
export const SHARED_LOOPBACK = '127.0.0.1';

/** Returns the lowest unused alias. @throws BottleError `aliases-exhausted` */
export function lowestFree(used: ReadonlySet<string>): string {
  const free = ALIAS_POOL.find((alias) => !used.has(alias));
  if (free !== undefined) return free;
  throw new BottleError('aliases-exhausted', `all ${ALIAS_POOL.length} loopback aliases are taken`, {
    hint: 'Tear down a bottle (`make status`, `make teardown BOTTLE=…`), or run `make cleanup`.',
  });
}

/** Returns the pool's addresses that this machine does not have. On Linux, all of 127/8 is loopback; on macOS, 127.0.0.1. */
export function missingAliases(
  platform: NodeJS.Platform = process.platform,
  present: readonly string[] = (networkInterfaces().lo0 ?? []).map((entry) => entry.address),
): string[] {
  return platform === 'darwin' ? ALIAS_POOL.filter((alias) => !present.includes(alias)) : [];
}

/**
 * Checks that the pool's addresses exist, or that there is somebody to ask for the password with which they are added.
 * @throws BottleError `aliases-missing`
 */
export function assertAliasesAttainable(hasTerminal: boolean, missing = missingAliases()): void {
  if (missing.length === 0 || hasTerminal || process.getuid?.() === 0) return;
  throw new BottleError('aliases-missing', `${missing.length} loopback aliases are missing from lo0`, {
    hint: `Add them, which they need after each reboot: ${addedBy(missing)}`,
  });
}

function addedBy(missing: readonly string[]): string {
  return `for a in ${missing.join(' ')}; do sudo ifconfig lo0 alias $a up; done`;
}

/** Ensures that the pool's addresses exist. */
export async function ensureAliasPool(say: (line: string) => void): Promise<void> {
  const missing = missingAliases();
  if (missing.length === 0) return;
  say(`adding ${missing.length} loopback aliases to lo0 (requires sudo once; they last until reboot)`);
  // sudo caches the password, so only the first command prompts for it.
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo'];
  const commands = missing.map((alias) => [...asRoot, 'ifconfig', 'lo0', 'alias', alias, 'up']);
  for (const [program = '', ...args] of commands) {
    try {
      await execa(program, args, {
        ...{ stdio: ['inherit', 'ignore', 'inherit'], env: childEnvironment('plain'), extendEnv: false },
      });
    } catch (error) {
      throw new BottleError('engine-failed', `${[program, ...args].join(' ')} failed: ${messageOf(error)}`, {
        hint: 'Run the command yourself, then try again.',
      });
    }
  }
}
