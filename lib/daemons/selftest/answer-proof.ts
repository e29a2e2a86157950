import { createHmac } from 'node:crypto';
import { SELFTEST_PROVE_PATH } from '../contract/selftest/selftest.ts';

export interface ProofAnswer {
  readonly status: number;
  readonly body: { readonly proof: string } | { readonly error: string };
}

/** Answers one request to the selftest upstream, see `contract/selftest.ts`. Never repeats the token. */
export function answerProof(
  method: string | undefined,
  target: string | undefined,
  authorization: string | undefined,
): ProofAnswer {
  const [path, query] = (target ?? '').split('?', 2);
  if (path !== SELFTEST_PROVE_PATH) return fault(404, `only ${SELFTEST_PROVE_PATH} is here`);
  if (method !== 'GET') return fault(405, 'only GET');
  const token = /^Bearer ([\x21-\x7e]+)$/.exec(authorization ?? '')?.[1];
  if (token === undefined) return fault(401, 'no Bearer token: the proxy did not inject one');
  const challenges = new URLSearchParams(query).getAll('challenge');
  const [challenge] = challenges;
  if (challenge === undefined || challenges.length > 1 || !/^[0-9a-f]{16,128}$/i.test(challenge)) {
    return fault(400, 'challenge must be 16 to 128 hexadecimal digits');
  }
  return { status: 200, body: { proof: createHmac('sha256', token).update(challenge).digest('hex') } };
}

function fault(status: number, error: string): ProofAnswer {
  return { status, body: { error } };
}
