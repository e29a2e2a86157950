import type { CommandSpec, OptionSpec } from '../cli/command.ts';
import { checkHostName, parseCidr, parsePort, parseU8, parseU32 } from '../cli/values.ts';
import type { Profile } from '../profile.ts';
import { parseMountSocket } from '../sockets/mapping.ts';
import { nameGrammar } from './name-grammar.ts';

const OPTIONS: readonly OptionSpec[] = [
  { long: 'image', short: 'I', value: 'IMAGE', help: 'Image of the machine' },
  { long: 'from', value: 'PATH', conflicts: ['image'], help: 'Create from a .smolmachine file' },
  { long: 'cpus', value: 'N', check: parseU8, help: 'Number of CPUs [default: 4]' },
  { long: 'mem', value: 'MiB', check: parseU32, help: 'Memory [default: 8192]' },
  { long: 'storage', value: 'GiB', check: parseU32, help: 'Size of the storage disk' },
  { long: 'overlay', value: 'GiB', check: parseU32, help: 'Size of the overlay disk' },
  { long: 'volume', short: 'v', value: 'HOST:GUEST[:ro]', many: true, help: 'Mount a host directory' },
  { long: 'port', short: 'p', value: 'HOST:GUEST', many: true, check: parsePort, help: 'Map a port' },
  { long: 'net', help: 'Enable outbound network access' },
  { long: 'allow-cidr', value: 'CIDR', many: true, check: parseCidr, help: 'Allow egress to a CIDR' },
  { long: 'allow-host', value: 'HOST', many: true, check: checkHostName, help: 'Allow egress to a host' },
  { long: 'outbound-localhost-only', help: 'Allow egress to loopback addresses only' },
  { long: 'gpu', help: 'Enable GPU acceleration' },
  { long: 'gpu-vram', value: 'MiB', check: parseU32, help: 'GPU memory' },
  { long: 'init', value: 'CMD', many: true, help: 'Command to run at the first start' },
  { long: 'env', short: 'e', value: 'K=V', many: true, help: 'Environment variable' },
  { long: 'workdir', short: 'w', value: 'DIR', help: 'Working directory' },
];

const MOUNT_SOCKET: OptionSpec = {
  long: 'mount-socket',
  value: 'HOST_PATH:GUEST_PATH',
  many: true,
  check: parseMountSocket,
  help: 'Let the guest connect to a Unix socket of the host',
};

/** The grammar of `machine create`. */
export function createGrammar(profile: Profile): CommandSpec {
  const grammar = nameGrammar(profile, false);
  const hidden = !profile.netBackendVisible;
  return {
    words: 'machine create',
    about: 'Create a machine without starting it',
    positionals: grammar.positionals,
    options: [
      ...grammar.options,
      ...OPTIONS,
      { long: 'net-backend', value: 'BACKEND', hidden, check: checkBackend, help: 'Network backend' },
      ...(profile.mountSocket === 'unknown' ? [] : [MOUNT_SOCKET]),
      ...(profile.labels ? [LABEL] : []),
    ],
    ...(profile.createTakesCommand ? { trailing: { name: 'COMMAND', required: false, last: true } } : {}),
  };
}

const LABEL: OptionSpec = { long: 'label', value: 'K=V', many: true, check: parseLabel, help: 'Label' };

export function parseLabel(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new Error('expected KEY=VALUE');
  return [text.slice(0, equals), text.slice(equals + 1)];
}

export function checkBackend(text: string): 'tsi' | 'virtio-net' {
  if (text === 'tsi' || text === 'virtio-net') return text;
  throw new Error('[possible values: tsi, virtio-net]');
}
