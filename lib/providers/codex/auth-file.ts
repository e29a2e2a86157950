import { PLACEHOLDER } from '../placeholder.ts';
import type { GuestFile } from '../provider.ts';

const PATH = '.codex/auth.json';

/** With an API key that is none, Codex starts without asking for a sign-in. */
export const API_KEY_FILE: GuestFile = {
  path: PATH,
  content: JSON.stringify({ auth_mode: 'apikey', OPENAI_API_KEY: PLACEHOLDER }),
};

/**
 * A sign-in that Codex takes for a real one. It has the real ids, since Codex keeps sessions by account, and the real
 * expiry, since Codex tries to refresh an expired one; its tokens open nothing.
 */
export function signInFile(details: Readonly<Record<string, string>>): GuestFile {
  const { account_id = 'unknown', user_id = 'unknown', plan = 'unknown', expires = '0' } = details;
  const token = unsignedJwt({
    exp: Number(expires),
    email: 'bottle@example.invalid',
    'https://api.openai.com/auth': {
      chatgpt_plan_type: plan,
      chatgpt_account_id: account_id,
      chatgpt_user_id: user_id,
    },
  });
  const tokens = { id_token: token, access_token: token, refresh_token: PLACEHOLDER, account_id };
  return {
    path: PATH,
    content: JSON.stringify({
      auth_mode: 'chatgpt',
      OPENAI_API_KEY: null,
      tokens,
      last_refresh: new Date().toISOString(),
    }),
  };
}

function unsignedJwt(claims: Record<string, unknown>): string {
  const encode = (part: unknown) => Buffer.from(escapedJson(part)).toString('base64url');
  return [encode({ alg: 'none', typ: 'JWT' }), encode(claims), 'none'].join('.');
}

/**
 * JSON with every character of a string escaped. The real token has the same ids, and egress would take their common base64
 * for a part of that token.
 */
function escapedJson(value: unknown): string {
  if (typeof value === 'string') return `"${value.replaceAll(/./gs, escaped)}"`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, entry]) => `${escapedJson(key)}: ${escapedJson(entry)}`);
  return `{ ${entries.join(', ')} }`;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
