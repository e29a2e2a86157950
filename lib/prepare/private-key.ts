/** OpenSSH's own format: after this, the name of the cipher as a string with its length, and that of the key derivation. */
const OPENSSH = /^-----BEGIN OPENSSH PRIVATE KEY-----\s([A-Za-z0-9+/=\s]+)-----END/m;
const MAGIC = 'openssh-key-v1\0';
const NO_CIPHER = '\0\0\0\u0004none';

/**
 * Returns why ssh could not use this text as a private key without asking anyone, as the end of a sentence;
 * undefined when nothing speaks against it.
 */
export function whyNoPrivateKey(text: string): string | undefined {
  if (!/^-----BEGIN [A-Z ]*PRIVATE KEY-----/m.test(text)) return 'is not a private key';
  return hasPassphrase(text) ? 'needs a passphrase, which nobody could type' : undefined;
}

function hasPassphrase(text: string): boolean {
  // PEM's two ways: PKCS#8, and the older one of OpenSSL.
  if (/^-----BEGIN ENCRYPTED |^Proc-Type: .*ENCRYPTED/m.test(text)) return true;
  const [, encoded] = OPENSSH.exec(text) ?? [];
  if (encoded === undefined) return false;
  const decoded = Buffer.from(encoded, 'base64').toString('latin1');
  return decoded.startsWith(MAGIC) && !decoded.startsWith(MAGIC + NO_CIPHER);
}
