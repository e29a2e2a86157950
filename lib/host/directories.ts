import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { BottleError } from '../errors.ts';

/** The checkout of the kit. */
export const KIT_DIRECTORY = join(import.meta.dirname, '..', '..');

/** Returns the directory of manifests and state: `$BOT_BOTTLE_HOME`, default `~/.bot-bottle`. */
export function homeDirectory(): string {
  return fromEnvironment('BOT_BOTTLE_HOME') ?? join(homedir(), '.bot-bottle');
}

/** Returns the directory of audits that outlive their bottles. */
export function auditDirectory(): string {
  return join(homeDirectory(), 'audit');
}

/** Returns the directory of what can be rebuilt: `$BOT_BOTTLE_CACHE`, default `~/.cache/bot-bottle`. */
export function cacheDirectory(): string {
  const xdg = process.env.XDG_CACHE_HOME;
  // The XDG base directory specification says to ignore relative values.
  const base = xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.cache');
  return fromEnvironment('BOT_BOTTLE_CACHE') ?? join(base, 'bot-bottle');
}

function fromEnvironment(name: string): string | undefined {
  const value = process.env[name];
  if (value === undefined || value === '') return undefined;
  if (isAbsolute(value)) return value;
  throw new BottleError('usage', `${name} is '${value}', which is not an absolute path`, {
    hint: `Set ${name} to an absolute path, or unset it.`,
  });
}
