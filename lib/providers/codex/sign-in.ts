import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { BottleError } from '../../errors.ts';
import { shortPath } from '../../host/short-path.ts';

/** What Codex keeps of a sign-in with ChatGPT; it is Codex's file, so anything else in it is none of our business. */
const signIn = z.looseObject({ tokens: z.looseObject({ access_token: z.string().min(1) }) });
const apiKey = z.looseObject({ OPENAI_API_KEY: z.string().min(1) });
const claims = z.looseObject({ exp: z.number() });

/** Where Codex signs in on this host: `$CODEX_HOME`, else `~/.codex`. */
export function codexSignInFile(): string {
  return join(process.env.CODEX_HOME || join(homedir(), '.codex'), 'auth.json');
}

/**
 * Makes sure that this host is signed in to Codex with an account whose access token still holds.
 * @throws BottleError `credentials-unusable`; the file is named, nothing of its content is.
 */
export async function checkCodexSignIn(now = Date.now()): Promise<void> {
  const file = codexSignInFile();
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) throw unusable(file, 'is not there');
  const content = parseJson(text);
  const found = signIn.safeParse(content);
  if (!found.success) {
    throw apiKey.safeParse(content).success
      ? unusable(file, 'holds an API key and no sign-in of an account')
      : unusable(file, 'is not what `codex login` writes');
  }
  const expiry = expiryOf(found.data.tokens.access_token);
  if (expiry === undefined) throw unusable(file, 'holds an access token without an expiry');
  if (expiry <= now)
    throw unusable(file, `holds a sign-in that expired at ${new Date(expiry).toISOString()}`);
}

/** When a JWT expires, in milliseconds since 1970. Its signature is for whoever it is shown to. */
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
