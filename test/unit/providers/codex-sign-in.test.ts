import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { codexSignIn } from '../../../lib/providers/codex/sign-in.ts';
import { readSignIn } from '../../../lib/providers/read-sign-in.ts';
import { writeFiles } from '../../support/prepare-scene.ts';
import { refusal } from '../../support/refusal.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const home = useTemporaryHome();

describe('the Codex sign-in', () => {
  const token = (exp: unknown) =>
    `x.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.secret-part`;
  const NOW = Date.UTC(2026, 0, 1);

  async function given(content: string | undefined): Promise<void> {
    vi.stubEnv('CODEX_HOME', path.join(home.path, 'codex'));
    if (content !== undefined) await writeFiles(home.path, { 'codex/auth.json': content });
  }

  it('a Codex sign-in passes while its access token is valid', async () => {
    await given(JSON.stringify({ OPENAI_API_KEY: null, tokens: { access_token: token(NOW / 1000 + 60) } }));
    expect((await readSignIn(codexSignIn, NOW)).token).toBe(token(NOW / 1000 + 60));
  });

  it('the ids and the expiry are read from the tokens, and nothing else is', async () => {
    const claims = {
      exp: NOW / 1000 + 60,
      email: 'me@example.com',
      'https://api.openai.com/auth': {
        chatgpt_account_id: 'account-1',
        chatgpt_user_id: 'user-1',
        chatgpt_plan_type: 'pro',
      },
    };
    const jwt = `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.secret-part`;
    await given(JSON.stringify({ tokens: { access_token: jwt, id_token: jwt, refresh_token: 'secret' } }));
    expect((await readSignIn(codexSignIn, NOW)).details).toEqual({
      account_id: 'account-1',
      user_id: 'user-1',
      plan: 'pro',
      expires: String(NOW / 1000 + 60),
    });
  });

  it.each([
    ['missing', undefined, 'does not exist'],
    [
      'an API key',
      JSON.stringify({ OPENAI_API_KEY: 'sk-secret-part' }),
      'contains an API key, not an account sign-in',
    ],
    ['malformed', '{"tokens": "secret-part"', 'is not in the format that `codex login` writes'],
    [
      'expired',
      JSON.stringify({ tokens: { access_token: token(NOW / 1000 - 1) } }),
      'expired at 2025-12-31T23:59:59',
    ],
    ['without an expiry', JSON.stringify({ tokens: { access_token: 'secret-part' } }), 'without an expiry'],
  ])('a Codex sign-in is refused without revealing it: %s', async (_title, content, reason) => {
    await given(content);
    const text = await refusal(readSignIn(codexSignIn, NOW));
    expect(text).toContain(reason);
    expect(text).toContain('Run `codex login`');
    expect(text).not.toContain('secret-part');
  });
});
