/**
 * Where the host mounts things inside the bundle, all but `audit`, `gitRepos` and `superviseQueue` read-only. Directories,
 * never single files: a file mount pins the inode, so that a file replaced on the host would stay invisible in the container.
 */
export const CONTAINER_PATHS = {
  /** Directory that holds `routes.yaml`. */
  egressConfig: '/etc/bot-bottle/egress',
  /** The egress policy, see `routes.ts`. */
  routes: '/etc/bot-bottle/egress/routes.yaml',
  /** Directory that holds the bottle's CA. */
  ca: '/etc/bot-bottle/ca',
  /** The bottle's CA: certificate and private key, PEM, one file. */
  caWithKey: '/etc/bot-bottle/ca/ca.pem',
  /** Directory with pipelock's configuration and its own CA; there when the bottle asks for pipelock. */
  pipelock: '/etc/bot-bottle/pipelock',
  pipelockConfig: '/etc/bot-bottle/pipelock/pipelock.yaml',
  /** PEM, the certificate alone: what egress verifies by everything that comes through pipelock. */
  pipelockCa: '/etc/bot-bottle/pipelock/ca.pem',
  /** PEM, EC in SEC 1 form, the only one that pipelock reads. */
  pipelockCaKey: '/etc/bot-bottle/pipelock/ca-key.pem',
  /** The program, in the image of bundles that run it. */
  pipelockProgram: '/usr/local/bin/pipelock',
  /** Extra roots that upstreams may be verified with (networks that inspect TLS); may be absent. */
  extraRoots: '/etc/bot-bottle/extra-ca',
  /** Directory with the gate's configuration, known hosts and keys, see `git-gate/repos.ts`. */
  gitConfig: '/etc/bot-bottle/git',
  /** Directory that git-gate keeps its mirrors in: `<name>.git`, bare. */
  gitRepos: '/var/lib/bot-bottle/git',
  /** Unix socket on which git-gate takes requests of git-http and of its hooks. */
  gitControl: '/run/bot-bottle/git-gate.sock',
  /** Directory that git-gate writes its hooks and git's configuration to; the guest has no way there. */
  gitRun: '/run/bot-bottle/git-gate',
  /** Directory that egress writes its audit to, and what it learns; see `audit.ts`, `learned.ts`. */
  audit: '/var/log/bot-bottle',
  /** Directory of proposals and decisions, see `supervise/queue-files.ts`. */
  superviseQueue: '/run/supervise/queue',
  /** Scratch of the running bundle, a tmpfs. */
  run: '/run/bot-bottle',
  /** Written by init at each change; read by the health check and by `start-bundle`. */
  health: '/run/bot-bottle/health.json',
  /** Certificate that `selftest` minted for itself, PEM; `egress` verifies that one upstream with it. */
  selftestCertificate: '/run/bot-bottle/selftest-cert.pem',
  /** The program that asks init and egress, see `lib/daemons/init/ctl.ts`. */
  controlProgram: '/app/init/ctl.mjs',
  /** Unix socket on which init takes requests, see `control.ts`. */
  control: '/run/bot-bottle/control.sock',
  /** Unix socket on which egress is asked to read its routes again, see `egress-control.ts`. */
  egressControl: '/run/bot-bottle/egress.sock',
  /** Directory of egress's own, with the key of the marks of values. */
  egressRun: '/run/bot-bottle/egress',
  /** Unix socket on which supervise takes questions of egress; the guest has no way there. */
  superviseControl: '/run/bot-bottle/supervise.sock',
  /** Directory with tokens that replaced those of the environment: a file a slot. In memory, like all of `run`. */
  slots: '/run/bot-bottle/slots',
} as const;
