import { describe, expect, it } from 'vitest';
import { guestReports } from '../../../lib/freeze/guest-reports.ts';
import { snapshotRules } from '../../../lib/freeze/snapshot-rules.ts';
import type { SnapshotEntry } from '../../../lib/freeze/snapshot-stream.ts';

const pem = (body: string) => `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
const OWN = pem('T1dOT1dO\nT1dO');
const OTHER = pem('T1RIRVI=');

const entry = (path: string, more: Partial<SnapshotEntry> = {}): SnapshotEntry => ({
  ...{ path, isFile: true, isSymlink: false, target: '', changed: 0 },
  ...more,
});
const link = (path: string, target: string) => entry(path, { isFile: false, isSymlink: true, target });
const rulesOf = (repairsOwnership: boolean) =>
  snapshotRules({ certificatePem: OWN, repairsOwnership, home: '/home/node' });

describe('a snapshot does not trust the bottle’s CA', () => {
  const rules = rulesOf(false);

  it.each([
    ['the certificate', entry('usr/share/ca-certificates/bot-bottle-egress.crt')],
    ['Java’s store', entry('usr/share/ca-certificates/bot-bottle-egress.p12')],
    [
      'the link for update-ca-certificates',
      link('usr/local/share/ca-certificates/bot-bottle-egress.crt', '/x'),
    ],
    [
      'Debian’s link',
      link('etc/ssl/certs/bot-bottle-egress.pem', '/usr/local/share/ca-certificates/bot-bottle-egress.crt'),
    ],
    ['the link by its hash', link('etc/ssl/certs/1a2b3c4d.0', 'bot-bottle-egress.pem')],
    ['Alpine’s link', link('etc/ssl/certs/1a2b3c4d.0', 'ca-cert-bot-bottle-egress.pem')],
  ])('%s stays out', (_what, which) => {
    expect(rules(which)).toEqual({ kind: 'leave-out' });
  });

  it.each(['etc/ssl/certs/ca-certificates.crt', 'etc/pki/tls/certs/ca-bundle.crt'])('%s loses it', (path) => {
    const treatment = rules(entry(path));
    if (treatment?.kind !== 'edit') throw new Error('it is not edited');
    const rewrapped = pem('T1dOT1dOT1dO');
    expect(treatment.edit(Buffer.from(`${OTHER}${OWN}${rewrapped}${OTHER}`)).toString()).toBe(OTHER + OTHER);
  });

  it('and everything else is as it was', () => {
    expect(rules(entry('etc/passwd'))).toBeUndefined();
    expect(rules(link('etc/ssl/certs/ffff.0', 'Other.pem'))).toBeUndefined();
  });
});

it.each([true, false])(
  'files of root under a second name in the home stay out (repairs owners: %s)',
  (repairs) => {
    const rules = rulesOf(repairs);
    const hardLink = (path: string, target: string) => entry(path, { isFile: false, target });
    expect(rules(hardLink('home/node/planted', 'etc/passwd'))).toEqual({ kind: 'leave-out' });
    expect(rules(hardLink('var/x', 'home/node/own'))).toEqual({ kind: 'leave-out' });
    expect(rules(hardLink('home/node/b', 'home/node/a'))).toBeUndefined();
    const mark = rules(entry('usr/libexec/bot-bottle/ownership-repaired'));
    expect(mark).toEqual(repairs ? { kind: 'leave-out' } : undefined);
  },
);

it('what the guest reports is shown without control characters, and nothing else that it says', () => {
  const said = 'changed var/log/a\\x1b[31m\nboo: hello\nmounted data\nmore 17\n';
  expect(guestReports(said)).toEqual([
    '/var/log/a·[31m changed while it was read',
    '/data is another file system; its content is not in the snapshot',
    'and 17 more',
  ]);
});
