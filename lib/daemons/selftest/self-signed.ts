import { type ServerCertificate, serverCertificate } from '../shared/server-certificate.ts';

/** Milliseconds; a bundle does not live for a year, and its certificate is made anew at each start. */
const LIFE_MS = 365 * 86_400_000;

/** A fresh self-signed server certificate and its key. */
export function selfSigned(host: string): ServerCertificate {
  return serverCertificate({
    host,
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + LIFE_MS),
  });
}
