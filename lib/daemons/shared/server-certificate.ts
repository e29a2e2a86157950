import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import {
  BasicConstraints,
  ExtendedKeyUsage,
  GeneralName,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_kp_serverAuth,
  KeyUsage,
  KeyUsageFlags,
  SubjectAlternativeName,
} from '@peculiar/asn1-x509';
import { commonName, extension, type Issuer, signCertificate } from '../contract/certificate.ts';

export interface ServerCertificateOptions {
  /** The only DNS name that the certificate is valid for. */
  readonly host: string;
  /** If absent, the certificate is self-signed. */
  readonly issuer?: Issuer;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Both in PEM. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

/** X.509's limit for a common name, in characters. Clients match the alternative name anyway. */
const MAX_COMMON_NAME = 64;

/**
 * Creates a P-256 key and a server certificate for it. Generating a key takes only a tenth of a millisecond.
 */
export function serverCertificate(options: ServerCertificateOptions): ServerCertificate {
  const { host, issuer, notBefore, notAfter } = options;
  const { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject } = generateKeyPairSync(
    'ec',
    {
      namedCurve: 'P-256',
    },
  );
  const cert = signCertificate({
    subject: commonName(host.length <= MAX_COMMON_NAME ? host : 'bot-bottle'),
    publicKey,
    issuer: issuer ?? { key: privateKey },
    notBefore,
    notAfter,
    extensions: [
      extension(id_ce_basicConstraints, new BasicConstraints({ cA: false }), true),
      extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature), true),
      extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_serverAuth])),
      extension(id_ce_subjectAltName, new SubjectAlternativeName([new GeneralName({ dNSName: host })])),
    ],
  });
  return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}
