import { expect, it } from 'vitest';
import { upstreamFailure } from '../../../../../lib/daemons/egress/inbound/upstream-failure.ts';

it('upstreamFailure describes a failure without the text of the error', () => {
  const error = Object.assign(new Error('Bearer tok-secret'), { code: 'ERR_INVALID_CHAR' });
  expect(JSON.stringify(upstreamFailure('a.example', error))).not.toContain('secret');
  expect(upstreamFailure('a.example', new Error('x')).status).toBe(502);
  expect(upstreamFailure('a.example', Object.assign(new Error(), { code: 'ENOTFOUND' })).code).toBe(
    'name-unresolved',
  );
  expect(upstreamFailure('a.example', Object.assign(new Error(), { code: 'UPSTREAM_TIMEOUT' })).status).toBe(
    504,
  );
});
