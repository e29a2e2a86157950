import { mintCa } from './mint-ca.ts';

export interface BottleCa {
  certificatePem: string;
  /** Unencrypted: the caller keeps it in a file of mode 0600. */
  privateKeyPem: string;
  /** SHA-256 of the certificate's DER, upper-case hex with colons. */
  fingerprint: string;
}

/** Mints the CA with which one bottle's egress signs the certificates of the hosts that it intercepts. */
export function mintBottleCa(slug: string): BottleCa {
  const { privateKey, ...minted } = mintCa(slug, 'egress');
  return { ...minted, privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}
