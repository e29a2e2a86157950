import { type Finding, UnscannableBody } from '../../detection/index.ts';
import { failureResponse, type LocalResponse } from '../http/local-response.ts';

/** A secret in the part of a long body that is scanned while the body is being sent. */
export class LateFinding extends Error {
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    super('a secret in a body that was already on its way');
    this.findings = findings;
  }
}

/** The response when a body was cut off while it was being sent; `undefined` for any other error. */
export function bodyFailure(host: string, error: unknown): LocalResponse | undefined {
  if (error instanceof LateFinding) {
    const reason = `A secret was found late in a long body to ${host}; the transfer was cut off.`;
    return failureResponse(403, 'secret-found', reason);
  }
  if (error instanceof UnscannableBody) {
    const reason = `The rest of a long body to ${host} cannot be scanned for secrets: ${error.message}; the transfer was cut off.`;
    return failureResponse(403, 'body-unscannable', reason);
  }
  return undefined;
}
