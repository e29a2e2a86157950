import { JAVA_TRUST_STORE } from './java.ts';
import { shellWord, writeFileScript } from './shell-script.ts';

/** The system's CA bundle; the guest's trust variables name it. */
export const SYSTEM_TRUST = '/etc/ssl/certs/ca-certificates.crt';

const CA_FILE = '/usr/share/ca-certificates/bot-bottle-egress.crt';
/** What `update-ca-certificates` reads. An image may let its user write here, so root only puts a link. */
const LOCAL_CA_FILE = '/usr/local/share/ca-certificates/bot-bottle-egress.crt';
/** Where programs of other distributions look: Alpine and OpenSSL, Fedora (twice), openSUSE. */
const OTHER_BUNDLES = [
  '/etc/ssl/cert.pem',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/ca-bundle.pem',
];

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
    `for bundle in ${[SYSTEM_TRUST, ...OTHER_BUNDLES].join(' ')}; do`,
    `  [ ! -f "$bundle" ] || grep -qF ${shellWord(mark)} "$bundle" || cat ${CA_FILE} >> "$bundle"`,
    'done',
  ].join('\n');
}
