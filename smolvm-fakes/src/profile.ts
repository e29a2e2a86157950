/** Differences between the smolvm versions that this program can imitate. */
export interface Profile {
  readonly version: string;
  /** create, delete, update and data-dir take a positional machine name (0.8.0 to 1.0.1), else --name. */
  readonly positionalNames: boolean;
  /** `create … -- CMD` is supported (from 1.0.2). */
  readonly createTakesCommand: boolean;
  /** Packs are unpacked into the machine's own folder (from 1.0.0), else into one cache for all machines. */
  readonly extractsPerMachine: boolean;
  /** `create --from` drops --allow-cidr, --allow-host and --outbound-localhost-only (before 1.8.0). */
  readonly fromDropsEgressFlags: boolean;
  /** `create --from` checks sizes and ports like any create (seen in 1.9.3). */
  readonly fromChecksResources: boolean;
  /** Backend for a network with a policy (virtio-net from 1.1.3). */
  readonly policyBackend: 'tsi' | 'virtio-net';
  /** Backend for a network with published ports (virtio-net from 1.0.4). */
  readonly portsBackend: 'tsi' | 'virtio-net';
  /** Under virtio-net the gateway's ports are those of the host's 127.0.0.1 (from 1.7.2). */
  readonly gatewayLeadsToHost: boolean;
  /**
   * What no policy can allow: nothing; under virtio-net, the metadata addresses, or all internal ones if
   * ports are published elsewhere (1.1.3); under both backends, what SMOLVM_EGRESS_FLOOR says (from 1.3.9).
   */
  readonly floor: 'none' | 'published' | 'environment';
  /** `--net-backend` is in the help (seen in 1.9.3). */
  readonly netBackendVisible: boolean;
  /** `create --image` accepts docker-archive and OCI archive files (from 1.1.0). */
  readonly imageArchives: boolean;
  /** An upper layer's whiteouts hide files in the layers below (from 1.1.0). */
  readonly whiteouts: boolean;
  /** `create --image` refuses a registry image without a network (from 1.7.3). */
  readonly registryImageNeedsNetwork: boolean;
  /** ENTRYPOINT and CMD of an image that is not packed run by default (from 0.8.1). */
  readonly runsImageCommand: boolean;
  /** Commands in an image machine run as the image's USER (from 1.6.0), before that as root. */
  readonly honorsImageUser: boolean;
  /**
   * `--mount-socket` is an unknown flag (before 1.6.4), makes a node that only the VM's own root sees, or
   * makes a node in every container (from 1.8.0).
   */
  readonly mountSocket: 'unknown' | 'outside-containers' | 'in-containers';
  /** `stop` of an unknown machine prints a line and exits 0 (fixed in 0.8.1). */
  readonly stopOfUnknownSucceeds: boolean;
  /** `delete` of a running machine forgets it but leaves its VM process alive (fixed in 0.8.1). */
  readonly deleteLeavesVmRunning: boolean;
  /** `delete --cascade` is supported (from 1.7.0). */
  readonly deleteCascades: boolean;
  /** `pack create -o X.smolmachine` is refused (from 1.7.0). */
  readonly packRefusesSuffix: boolean;
  /** Volumes with duplicate guest paths are refused (from 0.8.1). */
  readonly refusesDuplicateVolumes: boolean;
  /** `-e KEY` forwards the host's value (from 0.8.1); before that, entries without `=` are dropped. */
  readonly keyOnlyEnv: boolean;
  /** Exit code of `exec` when a signal killed the command. */
  readonly exitCodeOfSignal: (signal: number) => number;
  /** `data-dir` prints a path even for an unknown machine (before 0.8.1). */
  readonly dataDirOfUnknownSucceeds: boolean;
  /** exec, status, stop and cp create a folder for an unknown machine (0.8.0). */
  readonly unknownMakesFolder: boolean;
  /** IPv6 prefix length that `--allow-host` writes for a resolved address (32 is a bug in 0.8.0). */
  readonly allowHostIpv6Prefix: number;
  /** Resolver added to a policy's list, unless it has only loopback addresses; `host` from 0.8.1. */
  readonly automaticResolver: '1.1.1.1/32' | 'host';
  /** `create` first reserves the name in the state DB, and leaves nothing when it fails (from 1.0.0). */
  readonly reservations: boolean;
  /** The state DB has the fork tables, and `ls --json` the fields for forks, CUDA and labels (1.9.3). */
  readonly forks: boolean;
  /** `create --label K=V` is supported (from 1.8.0). */
  readonly labels: boolean;
}

const V0_8_0: Profile = {
  version: '0.8.0',
  positionalNames: true,
  createTakesCommand: false,
  extractsPerMachine: false,
  fromDropsEgressFlags: true,
  fromChecksResources: false,
  policyBackend: 'tsi',
  portsBackend: 'tsi',
  gatewayLeadsToHost: false,
  floor: 'none',
  netBackendVisible: false,
  imageArchives: false,
  whiteouts: false,
  registryImageNeedsNetwork: false,
  runsImageCommand: false,
  honorsImageUser: false,
  mountSocket: 'unknown',
  stopOfUnknownSucceeds: true,
  deleteLeavesVmRunning: true,
  deleteCascades: false,
  packRefusesSuffix: false,
  refusesDuplicateVolumes: false,
  keyOnlyEnv: false,
  exitCodeOfSignal: () => 255,
  dataDirOfUnknownSucceeds: true,
  unknownMakesFolder: true,
  allowHostIpv6Prefix: 32,
  automaticResolver: '1.1.1.1/32',
  reservations: false,
  forks: false,
  labels: false,
};

const V1_0_2: Profile = {
  ...V0_8_0,
  version: '1.0.2',
  positionalNames: false,
  createTakesCommand: true,
  extractsPerMachine: true,
  runsImageCommand: true,
  stopOfUnknownSucceeds: false,
  deleteLeavesVmRunning: false,
  refusesDuplicateVolumes: true,
  keyOnlyEnv: true,
  exitCodeOfSignal: (signal) => 128 + signal,
  dataDirOfUnknownSucceeds: false,
  unknownMakesFolder: false,
  allowHostIpv6Prefix: 128,
  automaticResolver: 'host',
  reservations: true,
};

const V1_1_3: Profile = {
  ...V1_0_2,
  version: '1.1.3',
  policyBackend: 'virtio-net',
  portsBackend: 'virtio-net',
  floor: 'published',
  imageArchives: true,
  whiteouts: true,
};

const V1_7_7: Profile = {
  ...V1_1_3,
  version: '1.7.7',
  gatewayLeadsToHost: true,
  floor: 'environment',
  registryImageNeedsNetwork: true,
  honorsImageUser: true,
  mountSocket: 'outside-containers',
  deleteCascades: true,
  packRefusesSuffix: true,
};

const V1_9_3: Profile = {
  ...V1_7_7,
  version: '1.9.3',
  fromDropsEgressFlags: false,
  fromChecksResources: true,
  netBackendVisible: true,
  mountSocket: 'in-containers',
  forks: true,
  labels: true,
};

const PROFILES: readonly Profile[] = [V0_8_0, V1_0_2, V1_1_3, V1_7_7, V1_9_3];

/** The profile of one version; undefined when this program cannot imitate it. */
export function profileOf(version: string): Profile | undefined {
  return PROFILES.find((profile) => profile.version === version);
}

/** The versions that this program can imitate, oldest first. */
export const VERSIONS: readonly string[] = PROFILES.map((profile) => profile.version);
