import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { BottleError } from '../../errors.ts';
import { shortPath } from '../../host/short-path.ts';

/** The part of Codex's file for a ChatGPT sign-in that we use; other keys are ignored. */
const signIn = z.looseObject({ tokens: z.looseObject({ access_token: z.string().min(1) }) });
const apiKey = z.looseObject({ OPENAI_API_KEY: z.string().min(1) });
const claims = z.looseObject({ exp: z.number() });

/** Returns the file of this host's Codex sign-in, in `$CODEX_HOME` or else `~/.codex`. */
export function codexSignInFile(): string {
  return join(process.env.CODEX_HOME || join(homedir(), '.codex'), 'auth.json');
}

/**
 * Checks that this host is signed in to Codex with an account whose access token has not expired.
 * @throws BottleError `credentials-unusable`, naming the file but revealing none of its content.
 */
export async function checkCodexSignIn(now = Date.now()): Promise<void> {
  const file = codexSignInFile();
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) throw unusable(file, 'does not exist');
  const content = parseJson(text);
  const found = signIn.safeParse(content);
  if (!found.success) {
    throw apiKey.safeParse(content).success
      ? unusable(file, 'contains an API key, not an account sign-in')
      : unusable(file, 'is not in the format that `codex login` writes');
  }
  const expiry = expiryOf(found.data.tokens.access_token);
  if (expiry === undefined) throw unusable(file, 'contains an access token without an expiry');
  if (expiry <= now) throw unusable(file, `expired at ${new Date(expiry).toISOString()}`);
}

/** Returns when a JWT expires, in milliseconds since the epoch. Does not verify its signature. */
function expiryOf(token: string): number | undefined {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
  const parsed = claims.safeParse(parseJson(payload));
  return parsed.success ? parsed.data.exp * 1000 : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unusable(file: string, reason: string): BottleError {
  return new BottleError('credentials-unusable', `the host’s Codex sign-in ${shortPath(file)} ${reason}`, {
    hint: 'Run `codex login` on this host, or set `forward_host_credentials: false`.',
  });
}
