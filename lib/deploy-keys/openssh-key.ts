import { createHash, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';

const TYPE = 'ssh-ed25519';
const LINE_LENGTH = 70;
/** The block size of the cipher `none`. */
const BLOCK_BYTES = 8;

export interface SshKeyPair {
  /** Content of a private key file, without a passphrase. */
  readonly privateKey: string;
  /** `ssh-ed25519 BASE64`. */
  readonly publicKey: string;
  /** As `ssh-keygen -l` prints it: `SHA256:…`. */
  readonly fingerprint: string;
}

/** Makes a new ed25519 key pair in OpenSSH's formats. */
export function makeSshKeyPair(comment: string): SshKeyPair {
  const pair: { privateKey: KeyObject } = generateKeyPairSync('ed25519');
  const { d = '', x = '' } = pair.privateKey.export({ format: 'jwk' });
  const [seed, point] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')];
  const blob = Buffer.concat([text(TYPE), text(point)]);
  return {
    privateKey: armored(container(blob, privateSection(seed, point, comment))),
    publicKey: `${TYPE} ${blob.toString('base64')}`,
    fingerprint: `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`,
  };
}

/** The file format of OpenSSH's PROTOCOL.key, without encryption. */
function container(publicBlob: Buffer, section: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...[text('none'), text('none'), text(''), uint32(1)],
    ...[text(publicBlob), text(section)],
  ]);
}

function privateSection(seed: Buffer, point: Buffer, comment: string): Buffer {
  // Twice the same: readers see by it that they have decrypted the section rightly.
  const check = randomBytes(4);
  const fields = [text(TYPE), text(point), text(Buffer.concat([seed, point])), text(comment)];
  const section = Buffer.concat([check, check, ...fields]);
  const missing = -section.length & (BLOCK_BYTES - 1);
  return Buffer.concat([section, Buffer.from(Array.from({ length: missing }, (_, index) => index + 1))]);
}

function armored(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(new RegExp(`.{1,${LINE_LENGTH}}`, 'g')) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join(
    '\n',
  );
}

/** A string of RFC 4251: its length, then its bytes. */
function text(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
