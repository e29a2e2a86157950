/** What differs between the smolvm versions that this program can play. */
export interface Profile {
  readonly version: string;
  /** create, delete, update and data-dir take the machine's name as a positional (0.8.0 to 1.0.1). */
  readonly positionalNames: boolean;
  /** `create --from` forgets --allow-cidr, --allow-host and --outbound-localhost-only (until 1.8.0). */
  readonly fromDropsEgressFlags: boolean;
  /** `stop` of an unknown machine prints a line and exits 0 (fixed in 0.8.1). */
  readonly stopOfUnknownSucceeds: boolean;
  /** `delete` of a running machine forgets it and leaves its VM process alive (fixed in 0.8.1). */
  readonly deleteLeavesVmRunning: boolean;
  /** `-e KEY` forwards the host's value (from 0.8.1); before, entries without `=` vanish. */
  readonly keyOnlyEnv: boolean;
  /** Exit code of `exec` when the command died of a signal. */
  readonly exitCodeOfSignal: (signal: number) => number;
  /** `data-dir` of an unknown machine prints a path all the same (until 0.8.1). */
  readonly dataDirOfUnknownSucceeds: boolean;
  /** IPv6 prefix length that `--allow-host` writes for a resolved address (32 is a bug of 0.8.0). */
  readonly allowHostIpv6Prefix: number;
  /** Resolver that a policy gets on top of its list, unless it holds loopback addresses only. */
  readonly automaticResolver: string;
}

const PROFILES: readonly Profile[] = [
  {
    version: '0.8.0',
    positionalNames: true,
    fromDropsEgressFlags: true,
    stopOfUnknownSucceeds: true,
    deleteLeavesVmRunning: true,
    keyOnlyEnv: false,
    exitCodeOfSignal: () => 255,
    dataDirOfUnknownSucceeds: true,
    allowHostIpv6Prefix: 32,
    automaticResolver: '1.1.1.1/32',
  },
];

/** The profile of one version; undefined when this program cannot play it. */
export function profileOf(version: string): Profile | undefined {
  return PROFILES.find((profile) => profile.version === version);
}

/** The versions this program can play, oldest first. */
export const VERSIONS: readonly string[] = PROFILES.map((profile) => profile.version);
