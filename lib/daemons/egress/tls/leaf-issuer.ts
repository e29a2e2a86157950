import { issuerOf } from '../../contract/certificate.ts';
import { type ServerCertificate, serverCertificate } from '../../shared/server-certificate.ts';
import type { BottleAuthority } from './authority-file.ts';

/** 397 days, the longest that current TLS clients accept. */
const MAX_LEAF_MS = 397 * 86_400_000;

export type LeafIssuer = (host: string) => Promise<ServerCertificate>;

/** Issues leaves of the bottle's CA, each with its own key, in the calling thread. See `leaf-thread.ts`. */
export function leafIssuer({ certificate, key }: BottleAuthority): LeafIssuer {
  const issuer = issuerOf(certificate, key);
  const { validFromDate, validToDate } = certificate;
  return async (host) =>
    serverCertificate({
      host,
      issuer,
      // Not the current time: the guest's clock may be behind the bundle's.
      notBefore: validFromDate,
      notAfter: new Date(Math.min(validToDate.getTime(), Date.now() + MAX_LEAF_MS)),
    });
}
