import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { answerProof } from '../../../../lib/daemons/selftest/answer-proof.ts';

const CHALLENGE = '00112233445566778899aabbccddeeff';
const ask = (target: string, authorization?: string, method = 'GET') =>
  answerProof(method, target, authorization);

describe('the selftest upstream', () => {
  it('selftest responds with the keyed hash of the challenge', () => {
    const proof = createHmac('sha256', 'nonce').update(CHALLENGE).digest('hex');
    expect(ask(`/prove?challenge=${CHALLENGE}`, 'Bearer nonce')).toEqual({ status: 200, body: { proof } });
  });

  it.each([undefined, '', 'Bearer', 'Bearer ', 'Basic nonce', 'bearer nonce', 'Bearer a b'])(
    'selftest responds with 401 to the authorization %j',
    (authorization) => expect(ask(`/prove?challenge=${CHALLENGE}`, authorization).status).toBe(401),
  );

  it.each([
    '',
    '?challenge=',
    '?challenge=0011',
    `?challenge=${'0'.repeat(15)}`,
    `?challenge=${'0'.repeat(129)}`,
    '?challenge=zz112233445566778899',
    `?challenge=${CHALLENGE}&challenge=${CHALLENGE}`,
    `?other=${CHALLENGE}`,
  ])('selftest responds with 400 to the query %j', (query) => {
    expect(ask(`/prove${query}`, 'Bearer nonce').status).toBe(400);
  });

  it('selftest serves only one path and one method', () => {
    expect(ask('/', 'Bearer nonce').status).toBe(404);
    expect(ask('/prove/x', 'Bearer nonce').status).toBe(404);
    expect(ask(`/prove?challenge=${CHALLENGE}`, 'Bearer nonce', 'POST').status).toBe(405);
  });

  it('selftest never returns the token', () => {
    const answers = [
      ask('/prove?challenge=x', 'Bearer n0nce'),
      ask(`/prove?challenge=${CHALLENGE}`, 'Bearer n0nce'),
    ];
    expect(JSON.stringify(answers)).not.toContain('n0nce');
  });
});
