import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { SignIn } from '../provider.ts';

/** The part of Codex's file for a ChatGPT sign-in that we use; other keys are ignored. */
const signIn = z.looseObject({
  tokens: z.looseObject({
    access_token: z.string().min(1),
    id_token: z.string().optional(),
    account_id: z.string().nullish(),
  }),
});
const apiKey = z.looseObject({ OPENAI_API_KEY: z.string().min(1) });

const ACCOUNT_CLAIM = 'https://api.openai.com/auth';

const account = z.looseObject({
  chatgpt_account_id: z.string().optional(),
  chatgpt_user_id: z.string().optional(),
  chatgpt_plan_type: z.string().optional(),
});
const claims = z.looseObject({ exp: z.number().optional(), [ACCOUNT_CLAIM]: account.optional() });

/** The ChatGPT sign-in of this host's Codex, in `$CODEX_HOME` or else `~/.codex`. */
export const codexSignIn: SignIn = {
  file: () => join(process.env.CODEX_HOME || join(homedir(), '.codex'), 'auth.json'),
  hint: 'Run `codex login` on this host, or choose another credential.',
  read(content) {
    const parsed = parseJson(content);
    const found = signIn.safeParse(parsed);
    if (!found.success) {
      throw new Error(
        apiKey.safeParse(parsed).success
          ? 'contains an API key, not an account sign-in'
          : 'is not in the format that `codex login` writes',
      );
    }
    const { access_token, id_token, account_id } = found.data.tokens;
    const access = claimsOf(access_token);
    if (access.exp === undefined) throw new Error('contains an access token without an expiry');
    const ids = { ...access[ACCOUNT_CLAIM], ...claimsOf(id_token ?? '')[ACCOUNT_CLAIM] };
    const details = {
      account_id: account_id ?? ids.chatgpt_account_id,
      user_id: ids.chatgpt_user_id,
      plan: ids.chatgpt_plan_type,
      expires: String(access.exp),
    };
    return {
      token: access_token,
      expires: new Date(access.exp * 1000),
      details: Object.fromEntries(
        Object.entries(details).filter((entry): entry is [string, string] => entry[1] !== undefined),
      ),
    };
  },
};

/** Returns the claims of a JWT, without any that cannot be read. Does not verify its signature. */
function claimsOf(token: string): z.output<typeof claims> {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
  return claims.catch({}).parse(parseJson(payload));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
