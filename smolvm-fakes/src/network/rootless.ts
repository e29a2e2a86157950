import { agentError } from '../errors.ts';
import { type Relay, startRelay } from '../sockets/relay.ts';
import { run } from '../system/run.ts';
import { WITH_LISTENER } from './listener.ts';
import type { Reach } from './subnet.ts';

/** Where the relay listens in the guest's network. Any port would do: the address leads to the relay on all of them. */
const PORT = '1';

/**
 * Gives a guest of an ordinary user the host's loopback addresses that its policy allows. Its network has nothing but
 * loopback, without a way out: TCP connections to these addresses are given to a relay in the host's network, and
 * others are refused. Processes of the guest have no rights over these rules, as root neither. Under virtio-net,
 * no such address leads to the host.
 * @throws SmolvmError for a policy that takes more.
 */
export async function connectRootless(pid: number, reach: Reach): Promise<Relay | undefined> {
  const addresses = reach.loopback.map((subnet) => subnet.replace(/\/32$/, ''));
  if (reach.outside.length > 0 || addresses.some((address) => address.includes('/'))) {
    const what = "single addresses of the host's loopback, over TCP";
    throw agentError('start machine', `without root, the fake smolvm connects guests to nothing but ${what}`);
  }
  const within = ['--target', String(pid), '--net', '--'];
  const commands = ['link set lo up', 'route add prohibit default', ''];
  run('nsenter', [...within, 'ip', '-batch', '-'], { input: commands.join('\n') });
  const [first] = addresses;
  if (first === undefined) return undefined;
  const rules = addresses.map(
    (address) => `-A PREROUTING -i lo -d ${address}/32 -p tcp -j TPROXY --on-ip ${first} --on-port ${PORT}`,
  );
  const input = ['*mangle', ...rules, 'COMMIT', ''].join('\n');
  run('nsenter', [...within, 'iptables-restore', '--wait'], { input });
  const setns = process.arch === 'arm64' ? '268' : '308';
  return startRelay(['perl', '-e', WITH_LISTENER, setns, String(pid), first, PORT], { addresses });
}
