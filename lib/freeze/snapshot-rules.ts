import { ARRIVALS } from '../guest/bottle.ts';
import { REPAIRED } from '../guest/ownership.ts';
import { linksToOwnCa, OWN_TRUST_FILES, TRUST_BUNDLES, withoutCertificate } from '../guest/trust.ts';
import type { SnapshotEntry, Treatment } from './snapshot-stream.ts';

export interface SnapshotRules {
  /** The bottle's CA, which must be worth nothing when the bottle is gone. */
  readonly certificatePem: string;
  /**
   * Whether the guest gives the agent's home back to the agent when it boots the snapshot, because packing changes the
   * owners of files.
   */
  readonly repairsOwnership: boolean;
  /** The agent's home. */
  readonly home: string;
}

const LEAVE_OUT: Treatment = { kind: 'leave-out' };

/** Returns what must become of an entry; undefined for most, which are kept. */
export function snapshotRules(rules: SnapshotRules): (entry: SnapshotEntry) => Treatment | undefined {
  const left = new Set(OWN_TRUST_FILES.map(relative));
  const bundles = new Set(TRUST_BUNDLES.map(relative));
  const arrivals = `${relative(ARRIVALS)}/`;
  const home = `${relative(rules.home)}/`;
  const withoutCa = (content: Buffer) =>
    Buffer.from(withoutCertificate(content.toString('latin1'), rules.certificatePem), 'latin1');
  return ({ path, isFile, isSymlink, target }) => {
    if (left.has(path) || path.startsWith(arrivals)) return LEAVE_OUT;
    if (rules.repairsOwnership && path.startsWith(relative(REPAIRED))) return LEAVE_OUT;
    if (isSymlink) return linksToOwnCa(target) ? LEAVE_OUT : undefined;
    if (isFile) return bundles.has(path) ? { kind: 'edit', edit: withoutCa } : undefined;
    // Where packing loses the owners, now or in another tier, the home is given back to the agent: root's file with it.
    const isAcross = target !== '' && path.startsWith(home) !== target.startsWith(home);
    return isAcross ? LEAVE_OUT : undefined;
  };
}

/** As the paths of a snapshot are. */
function relative(path: string): string {
  return path.replace(/^\//, '');
}
