import { z } from 'zod';
import { fail } from './rule.ts';

const TYPE = /^(ssh-|ecdsa-sha2-|sk-)[a-z0-9@.-]+$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * The pinned key of an upstream: `TYPE BASE64` and an optional comment, as `ssh-keyscan` prints it after the
 * host.
 */
export const hostKey = z
  .string()
  .transform((text, context): string => {
    const [type = '', key = ''] = text.trim().split(/ +/);
    if (!/\p{Cc}/u.test(text.trim()) && TYPE.test(type) && BASE64.test(key)) return `${type} ${key}`;
    fail(
      context,
      'is not a valid host key: its type and base64 text, on one line',
      'Write, for example, `ssh-ed25519 AAAA…`; `ssh-keyscan HOST` prints it after the host name.',
    );
    return z.NEVER;
  })
  .meta({ description: 'The upstream’s own key, `ssh-ed25519 AAAA…`. Nothing is fetched without it.' });
