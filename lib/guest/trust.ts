import { JAVA_TRUST_STORE } from './java.ts';
import { shellWord, writeFileScript } from './shell-script.ts';

/** The system's CA bundle; the guest's trust variables name it. */
export const SYSTEM_TRUST = '/etc/ssl/certs/ca-certificates.crt';

const CA_NAME = 'bot-bottle-egress';
const CA_FILE = `/usr/share/ca-certificates/${CA_NAME}.crt`;
/** What `update-ca-certificates` reads. An image may let its user write here, so root only puts a link. */
const LOCAL_CA_FILE = `/usr/local/share/ca-certificates/${CA_NAME}.crt`;
/** Where programs of other distributions look: Alpine and OpenSSL, Fedora (twice), openSUSE. */
const OTHER_BUNDLES = [
  '/etc/ssl/cert.pem',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/ca-bundle.pem',
];

/** Files to which the CA is added. */
export const TRUST_BUNDLES: readonly string[] = [SYSTEM_TRUST, ...OTHER_BUNDLES];

/** Files that hold the CA alone. */
export const OWN_TRUST_FILES: readonly string[] = [CA_FILE, LOCAL_CA_FILE, JAVA_TRUST_STORE];

/** Whether a symlink is one of those that `update-ca-certificates` makes for the CA; Alpine's has a prefix. */
export function linksToOwnCa(target: string): boolean {
  const name = target.slice(target.lastIndexOf('/') + 1);
  return ['', 'ca-cert-'].some(
    (prefix) => name === `${prefix}${CA_NAME}.pem` || name === `${prefix}${CA_NAME}.crt`,
  );
}

/** Returns a bundle of certificates without one of them, however its lines are broken. */
export function withoutCertificate(bundle: string, certificatePem: string): string {
  const body = (pem: string) => pem.replace(/-----[^-]+-----/g, '').replace(/\s/g, '');
  const unwanted = body(certificatePem);
  return bundle.replace(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\r?\n?/g, (block) =>
    body(block) === unwanted ? '' : block,
  );
}

/**
 * Returns the script that adds the bottle's CA to the guest's system trust. The image needs no
 * `ca-certificates`: every TLS connection of a bottle is intercepted, so this one CA is enough.
 * @param javaTrustStore the same for Java; written even if there is no Java yet.
 */
export function trustCaScript(certificatePem: string, javaTrustStore: Uint8Array): string {
  // The last line of the signature: no other certificate has it.
  const mark = certificatePem.trim().split('\n').at(-2) ?? '';
  return [
    writeFileScript(CA_FILE, certificatePem, '0644'),
    writeFileScript(JAVA_TRUST_STORE, javaTrustStore, '0644'),
    'if command -v update-ca-certificates > /dev/null; then',
    '  mkdir -p /usr/local/share/ca-certificates',
    `  ln -sf ${CA_FILE} ${LOCAL_CA_FILE}`,
    '  update-ca-certificates > /dev/null',
    'fi',
    'mkdir -p /etc/ssl/certs',
    `[ -e ${SYSTEM_TRUST} ] || : > ${SYSTEM_TRUST}`,
    `for bundle in ${TRUST_BUNDLES.join(' ')}; do`,
    `  [ ! -f "$bundle" ] || grep -qF ${shellWord(mark)} "$bundle" || cat ${CA_FILE} >> "$bundle"`,
    'done',
  ].join('\n');
}
