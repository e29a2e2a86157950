import { writeFileScript } from './shell-script.ts';

/** The system's CA bundle, written by `update-ca-certificates`; the guest's three trust variables name it. */
export const SYSTEM_TRUST = '/etc/ssl/certs/ca-certificates.crt';

const CA_FILE = '/usr/local/share/ca-certificates/bot-bottle-egress.crt';

/** Returns the script that adds the bottle's CA to the guest's system trust. */
export function trustCaScript(certificatePem: string): string {
  return [
    writeFileScript(CA_FILE, certificatePem, 'root:root', '0644'),
    'command -v update-ca-certificates > /dev/null || { echo "the image has no ca-certificates" >&2; exit 1; }',
    'update-ca-certificates > /dev/null 2>&1',
  ].join('\n');
}
