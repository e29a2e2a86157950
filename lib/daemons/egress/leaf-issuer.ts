import type { KeyObject } from 'node:crypto';
import { issueCertificate } from '../certificates/issue-certificate.ts';
import type { BottleAuthority } from './authority-file.ts';

/** 397 days, the longest that current TLS clients accept. */
const MAX_LEAF_MS = 397 * 86_400_000;

export interface Leaf {
  /** PEM. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
}

export type LeafIssuer = (host: string) => Promise<Leaf>;

/**
 * Issues leaves of the bottle's CA. All share one key pair: a key a host would cost some 130 ms each, and they live
 * in one process anyway. `keys` may still be in the making: the first leaf waits for it, the listening port need not.
 */
export function leafIssuer(
  authority: BottleAuthority,
  keys: Promise<{ publicKey: KeyObject; privateKey: KeyObject }>,
): LeafIssuer {
  return async (host) => {
    const { publicKey, privateKey } = await keys;
    const cert = issueCertificate({
      host,
      publicKey,
      issuer: authority,
      // The CA's own start: the guest's clock may be behind the bundle's.
      notBefore: authority.notBefore,
      notAfter: new Date(Math.min(authority.notAfter.getTime(), Date.now() + MAX_LEAF_MS)),
    });
    return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  };
}
