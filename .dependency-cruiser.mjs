// The arrows of the architecture, as failing checks:
// scripts -> phases -> (channels, handoff, bundle, provision, ...) -> (docker, smolvm, bottle, certs)
const to = (...folders) => ({ path: `^lib/(${folders.join('|')})/` });
const from = (...folders) => ({ path: `^lib/(${folders.join('|')})/` });

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
    {
      name: 'daemons-know-no-host',
      severity: 'error',
      comment:
        'Daemons run inside the bundle: they may share schemas with the host (lib/daemons/contract), nothing else.',
      from: from('daemons'),
      to: { path: '^lib/', pathNot: '^lib/daemons/' },
    },
    {
      name: 'host-sees-only-the-daemon-contract',
      severity: 'error',
      from: { path: '^(lib|scripts)/', pathNot: '^lib/daemons/' },
      to: { path: '^lib/daemons/', pathNot: '^lib/daemons/contract/' },
    },
    {
      name: 'adapters-stay-at-the-bottom',
      severity: 'error',
      comment: 'Adapters of the outside world know no phase and no policy.',
      from: from('docker', 'smolvm', 'bottle', 'certs'),
      to: to('phases', 'channels', 'handoff', 'bundle', 'provision', 'plan', 'manifest', 'providers'),
    },
    {
      name: 'parts-know-no-phase',
      severity: 'error',
      from: from('channels', 'handoff', 'bundle', 'provision', 'plan', 'manifest', 'providers', 'preflight'),
      to: to('phases'),
    },
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
    enhancedResolveOptions: { extensions: ['.ts', '.mjs', '.js', '.json'] },
  },
};
