import type { Link } from './link.ts';
import { GATEWAY, holds, type Reach } from './subnet.ts';

/** The links of all machines; a network with a gateway includes none of them. */
const WIRES = '100.96.0.0/16';

/**
 * Implements virtio-net's gateway as PREROUTING rules by table: port 53 of every address is the host's name
 * server, and the gateway's own ports are those of the host's 127.0.0.1, if the list allows the gateway.
 */
export function gatewayRules(link: Link, reach: Reach): ['raw' | 'nat', string][] {
  const { gateway } = reach;
  if (gateway === undefined) return [];
  const from = `-i ${link.device} -s ${link.guestAddress}/32`;
  const host = gateway.leadsToHost && reach.outside.some((subnet) => holds(subnet, GATEWAY));
  const { resolver } = gateway;
  const protocols = ['tcp', 'udp'];
  return [
    ...protocols.flatMap((protocol): ['raw' | 'nat', string][] => [
      ...(resolver === undefined
        ? []
        : ([
            ['raw', `${from} -p ${protocol} -m ${protocol} --dport 53 -j ACCEPT`],
            ['nat', `${from} -p ${protocol} -m ${protocol} --dport 53 -j DNAT --to-destination ${resolver}`],
          ] satisfies ['raw' | 'nat', string][])),
      ...(host
        ? ([
            ['raw', `${from} -d ${GATEWAY}/32 -p ${protocol} -j ACCEPT`],
            ['nat', `${from} -d ${GATEWAY}/32 -p ${protocol} -j DNAT --to-destination 127.0.0.1`],
          ] satisfies ['raw' | 'nat', string][])
        : []),
    ]),
    ['raw', `-i ${link.device} -d ${WIRES} -j DROP`],
    ...(resolver === undefined
      ? protocols.map((protocol): ['raw' | 'nat', string] => [
          'raw',
          `-i ${link.device} -p ${protocol} -m ${protocol} --dport 53 -j DROP`,
        ])
      : []),
  ];
}
