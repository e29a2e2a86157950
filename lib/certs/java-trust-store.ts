import { X509Certificate } from 'node:crypto';
import forge from 'node-forge';

const { asn1 } = forge;
const { Class, Type } = asn1;

const OID = {
  data: '1.2.840.113549.1.7.1',
  certBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  /** Oracle's mark of a certificate that is trusted, and for what. Without it, Java skips the certificate. */
  trustedKeyUsage: '2.16.840.1.113894.746875.1.1',
  anyExtendedKeyUsage: '2.5.29.37.0',
} as const;

const ALIAS = 'bot-bottle';

/**
 * Returns a trust store of Java with one certificate: PKCS #12 (RFC 7292) without encryption and password, since a
 * certificate is no secret. Made by hand, since node-forge neither reads certificates with keys on curves nor writes Java's mark.
 */
export function javaTrustStore(certificatePem: string): Uint8Array {
  const certificate = new X509Certificate(certificatePem).raw.toString('binary');
  const bag = sequence(
    oid(OID.certBag),
    explicit(sequence(oid(OID.x509Certificate), explicit(octets(certificate)))),
    set(
      attribute(OID.friendlyName, asn1.create(Class.UNIVERSAL, Type.BMPSTRING, false, ALIAS)),
      attribute(OID.trustedKeyUsage, oid(OID.anyExtendedKeyUsage)),
    ),
  );
  const authenticated = sequence(content(sequence(bag)));
  const version = asn1.create(Class.UNIVERSAL, Type.INTEGER, false, asn1.integerToDer(3).getBytes());
  return Buffer.from(der(sequence(version, content(authenticated))), 'binary');
}

const constructed = (type: forge.asn1.Type, values: forge.asn1.Asn1[]) =>
  asn1.create(Class.UNIVERSAL, type, true, values);
const sequence = (...values: forge.asn1.Asn1[]) => constructed(Type.SEQUENCE, values);
const set = (...values: forge.asn1.Asn1[]) => constructed(Type.SET, values);
const explicit = (value: forge.asn1.Asn1) => asn1.create(Class.CONTEXT_SPECIFIC, 0, true, [value]);
const oid = (text: string) => asn1.create(Class.UNIVERSAL, Type.OID, false, asn1.oidToDer(text).getBytes());
const octets = (bytes: string) => asn1.create(Class.UNIVERSAL, Type.OCTETSTRING, false, bytes);
const attribute = (type: string, value: forge.asn1.Asn1) => sequence(oid(type), set(value));
const content = (value: forge.asn1.Asn1) => sequence(oid(OID.data), explicit(octets(der(value))));
const der = (value: forge.asn1.Asn1) => asn1.toDer(value).getBytes();
