import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import forge from 'node-forge';
import type { Issuer } from '../certificates/issue-certificate.ts';

export interface BottleAuthority extends Issuer {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/**
 * Reads the bottle's CA, certificate and RSA key in one PEM file.
 * @throws Error naming the file when it cannot be read, is no CA, or its key is another certificate's.
 */
export async function readAuthority(path: string): Promise<BottleAuthority> {
  const text = await readFile(path, 'utf8');
  try {
    return parseAuthorityPem(text);
  } catch (error) {
    throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parseAuthorityPem(text: string): BottleAuthority {
  const certificatePem = block(text, 'CERTIFICATE');
  const keyPem = block(text, '(?:RSA )?PRIVATE KEY');
  const certificate = new X509Certificate(certificatePem);
  if (!certificate.ca) throw new Error('the certificate is no CA');
  if (!certificate.checkPrivateKey(createPrivateKey(keyPem))) {
    throw new Error('the private key belongs to another certificate');
  }
  const parsed = forge.pki.certificateFromPem(certificatePem);
  return {
    subject: parsed.subject.attributes,
    keyIdentifier: keyIdentifierOf(parsed),
    key: forge.pki.privateKeyFromPem(keyPem),
    notBefore: parsed.validity.notBefore,
    notAfter: parsed.validity.notAfter,
  };
}

function block(text: string, label: string): string {
  const match = new RegExp(`-----BEGIN (${label})-----[A-Za-z0-9+/=\\s]+-----END \\1-----`).exec(text);
  if (match === null) throw new Error(`holds no PEM block "${label.replace('(?:RSA )?', '')}"`);
  return `${match[0]}\n`;
}

/** The identifier that the CA states, which may differ from a hash of its key. */
function keyIdentifierOf(certificate: forge.pki.Certificate): string {
  const extension: unknown = certificate.getExtension('subjectKeyIdentifier');
  if (
    typeof extension === 'object' &&
    extension !== null &&
    'subjectKeyIdentifier' in extension &&
    typeof extension.subjectKeyIdentifier === 'string'
  ) {
    return forge.util.hexToBytes(extension.subjectKeyIdentifier);
  }
  return certificate.generateSubjectKeyIdentifier().getBytes();
}
