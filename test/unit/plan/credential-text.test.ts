import { expect, it } from 'vitest';
import { credentialText } from '../../../lib/plan/credential-text.ts';

it.each([
  [{ scheme: 'Bearer' }, 'Bearer'],
  [{ scheme: 'none' }, 'Authorization'],
  [{ header: 'x-api-key', scheme: 'none' }, 'x-api-key'],
  [{ header: 'x-auth', scheme: 'Basic' }, 'x-auth Basic'],
  [{ query: 'key' }, '?key'],
])('the screens show the credential %j as %s', (auth, text) => {
  expect(credentialText(auth)).toBe(text);
});
