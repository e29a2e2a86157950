import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';

export interface BottleAuthority {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

/**
 * Reads the bottle's CA: certificate and key in one PEM file.
 * @throws Error naming the file when it cannot be read, is not a CA, or its key does not match the
 * certificate.
 */
export async function readAuthority(path: string): Promise<BottleAuthority> {
  const text = await readFile(path, 'utf8');
  try {
    return parseAuthorityPem(text);
  } catch (error) {
    throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export function parseAuthorityPem(text: string): BottleAuthority {
  const certificate = new X509Certificate(block(text, 'CERTIFICATE'));
  const key = createPrivateKey(block(text, '(?:RSA |EC )?PRIVATE KEY'));
  if (!certificate.ca) throw new Error('the certificate is no CA');
  if (!certificate.checkPrivateKey(key)) throw new Error('the private key belongs to another certificate');
  if (key.asymmetricKeyType !== 'ec' && key.asymmetricKeyType !== 'rsa') {
    throw new Error(`the private key is ${key.asymmetricKeyType}, and must be EC or RSA`);
  }
  return { certificate, key };
}

function block(text: string, label: string): string {
  const match = new RegExp(`-----BEGIN (${label})-----[A-Za-z0-9+/=\\s]+-----END \\1-----`).exec(text);
  if (match === null) throw new Error(`holds no PEM block "${label.replace(/\(.*\)\?/, '')}"`);
  return `${match[0]}\n`;
}
