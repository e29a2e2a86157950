// The layers of the architecture as failing checks. `docs/architecture.md` draws them. No rule has exceptions.

/** Host side, from the top down: a folder may import from the layers below its own, and from its own folder. */
const HOST_LAYERS = [
  ['commands'],
  ['phases'],
  ['prepare', 'provision'],
  [
    'channels',
    'handoff',
    'bundle',
    'workspace',
    'sessions',
    'deploy-keys',
    'supervise',
    'freeze',
    'transcripts',
  ],
  ['guest', 'providers'],
  ['plan'],
  ['skills'],
  ['manifest', 'docker', 'smolvm', 'certs', 'git'],
  ['bottle'],
  ['forge'],
  ['terminal'],
  ['host'],
];

/** Egress, from the top down. Modules at its root stand above all of its folders. */
const EGRESS_LAYERS = [
  ['agent'],
  ['websocket'],
  ['inbound', 'outbound', 'tls'],
  ['policy', 'upstream', 'audit'],
  ['http'],
];

/** Folders of `lib/daemons` that every daemon may use. */
const DAEMON_COMMONS = ['contract', 'shared', 'detection'];

const folders = (base, names) => `^${base}/(${names.join('|')})/`;

/** One rule a layer: it imports nothing of a layer above, nor of another folder of its own layer. */
function layerRules(name, base, layers) {
  return layers.flatMap((layer, index) => {
    const above = layers.slice(0, index).flat();
    return layer.map((folder) => {
      const forbidden = [...above, ...layer.filter((other) => other !== folder)];
      return {
        name: `${name}-${folder}`,
        severity: 'error',
        comment: `${base}/${folder} imports from lower layers alone.`,
        from: { path: folders(base, [folder]) },
        to: { path: forbidden.length === 0 ? '^$' : folders(base, forbidden) },
      };
    });
  });
}

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-unresolvable',
      severity: 'error',
      comment: 'Every import must be a file of ours, a Node module, or a declared dependency.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'nothing-imports-scripts',
      severity: 'error',
      comment: 'A script is an entry point; what two scripts share belongs in lib.',
      from: { pathNot: '^scripts/' },
      to: { path: '^scripts/' },
    },
    ...layerRules('host', 'lib', HOST_LAYERS),
    ...layerRules('egress', 'lib/daemons/egress', EGRESS_LAYERS),
    {
      name: 'egress-folders-know-no-root',
      severity: 'error',
      comment:
        'The modules at the root of egress put its folders together; none of the folders imports them.',
      from: { path: '^lib/daemons/egress/[^/]+/' },
      to: { path: '^lib/daemons/egress/[^/]+$' },
    },
    {
      name: 'daemons-know-no-host',
      severity: 'error',
      comment: 'Daemons run inside the bundle, without the host side of the kit.',
      from: { path: '^lib/daemons/' },
      to: { path: '^lib/', pathNot: '^lib/daemons/' },
    },
    {
      name: 'host-sees-only-the-contracts',
      severity: 'error',
      comment: 'And detection, with which workspace, freeze and transcripts find secrets.',
      from: { path: '^(lib|scripts)/', pathNot: '^lib/(daemons|workspace|freeze|transcripts)/' },
      to: { path: '^lib/daemons/', pathNot: '^lib/daemons/contract/' },
    },
    {
      name: 'file-searches-see-contracts-and-detection',
      severity: 'error',
      from: { path: '^lib/(workspace|freeze|transcripts)/' },
      to: { path: '^lib/daemons/', pathNot: '^lib/daemons/(contract|detection)/' },
    },
    {
      name: 'daemons-know-no-other-daemon',
      severity: 'error',
      comment: 'What two daemons need is shared, detection, or a contract.',
      from: { path: '^lib/daemons/([^/]+)/' },
      to: { path: '^lib/daemons/', pathNot: `^lib/daemons/($1|${DAEMON_COMMONS.join('|')})/` },
    },
    {
      name: 'contracts-stand-alone',
      severity: 'error',
      from: { path: '^lib/daemons/contract/' },
      to: { path: '^lib/', pathNot: '^lib/daemons/contract/' },
    },
    {
      name: 'shared-knows-no-detection',
      severity: 'error',
      from: { path: '^lib/daemons/shared/' },
      to: { path: '^lib/', pathNot: '^lib/daemons/(contract|shared)/' },
    },
    {
      name: 'detection-knows-no-daemon',
      severity: 'error',
      from: { path: '^lib/daemons/detection/' },
      to: { path: '^lib/', pathNot: '^lib/daemons/(detection|shared)/' },
    },
    {
      name: 'detection-has-one-door',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/daemons/detection/' },
      to: { path: '^lib/daemons/detection/', pathNot: '^lib/daemons/detection/index\\.ts$' },
    },
    ...layerRules('detection', 'lib/daemons/detection', [['rules'], ['decode', 'search'], ['text']]),
    {
      name: 'fakes-stand-alone',
      severity: 'error',
      comment: 'The fake plays an outside program: it may not lean on the code it is used to test.',
      from: { path: '^smolvm-fakes/' },
      to: { path: '^(lib|scripts)/' },
    },
    {
      name: 'product-knows-no-fake',
      severity: 'error',
      from: { path: '^(lib|scripts)/' },
      to: { path: '^(smolvm-fakes|test)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
