import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { run, tryRun } from '../system/run.ts';
import { gatewayRules } from './gateway.ts';
import type { Link } from './link.ts';
import { forwards, type Reach } from './subnet.ts';

export const ruleSchema = z.object({
  family: z.enum(['ip', 'ip6']),
  table: z.enum(['raw', 'nat', 'filter']),
  chain: z.string(),
  /** Match and target, without the chain. */
  spec: z.string(),
});

export type Rule = z.infer<typeof ruleSchema>;

/**
 * The host's side of a guest's confinement, in the order in which the rules apply. The raw table decides: it
 * sees a packet before Docker's rules can drop or redirect it, and accepts only TCP and UDP from the guest's
 * own address to allowed destinations. The later tables only keep other rules from interfering with accepted
 * packets.
 */
export function rulesOf(link: Link, reach: Reach, machine: string): Rule[] {
  const { device, guestAddress } = link;
  const rule = (table: Rule['table'], chain: string, spec: string): Rule => ({
    family: 'ip',
    table,
    chain,
    spec: withComment(spec, machine),
  });
  const allowed = [...reach.loopback, ...reach.outside];
  const forwarded = forwards(reach);
  return [
    ...reach.floor.map((subnet) => rule('raw', 'PREROUTING', `-i ${device} -d ${subnet} -j DROP`)),
    ...gatewayRules(link, reach).map(([table, spec]) => rule(table, 'PREROUTING', spec)),
    ...allowed.flatMap((subnet) =>
      ['tcp', 'udp'].map((protocol) =>
        rule('raw', 'PREROUTING', `-i ${device} -s ${guestAddress}/32 -d ${subnet} -p ${protocol} -j ACCEPT`),
      ),
    ),
    rule('raw', 'PREROUTING', `-i ${device} -j DROP`),
    // Skips Docker's port redirection: the host's own listener responds, as to any local program.
    rule('nat', 'PREROUTING', `-i ${device} -j ACCEPT`),
    // A host process makes TSI connections, so services see a local peer.
    rule('nat', 'INPUT', `-i ${device} -d 127.0.0.0/8 -j SNAT --to-source 127.0.0.1`),
    ...(forwarded ? [rule('nat', 'POSTROUTING', `-s ${guestAddress}/32 ! -o ${device} -j MASQUERADE`)] : []),
    rule('filter', 'INPUT', `-i ${device} -j ACCEPT`),
    ...(forwarded
      ? [
          rule('filter', 'FORWARD', `-i ${device} -j ACCEPT`),
          rule('filter', 'FORWARD', `-o ${device} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`),
        ]
      : [rule('filter', 'FORWARD', `-i ${device} -j DROP`)]),
    rule('filter', 'FORWARD', `-o ${device} -j DROP`),
    rule('filter', 'OUTPUT', `-o ${device} -m conntrack ! --ctstate RELATED,ESTABLISHED -j DROP`),
    ...(existsSync('/proc/net/if_inet6')
      ? [
          {
            ...rule('raw', 'PREROUTING', `-i ${device} -j DROP`),
            family: 'ip6' as const,
          },
        ]
      : []),
  ];
}

/** Inserts the rules before all others in their chains, each table atomically. */
export function install(rules: readonly Rule[]): void {
  for (const [family, input] of batches([...rules].reverse(), (rule) => `-I ${rule.chain} 1 ${rule.spec}`)) {
    run(restoreCommand(family), ['--wait', '--noflush'], { input });
  }
}

/** Removes the rules; rules that are already gone are not an error. */
export function uninstall(rules: readonly Rule[]): void {
  for (const [family, input] of batches(rules, (rule) => `-D ${rule.chain} ${rule.spec}`)) {
    if (tryRun(restoreCommand(family), ['--wait', '--noflush'], { input }).code === 0) continue;
    for (const rule of rules.filter((each) => each.family === family)) {
      const one = [...batches([rule], (each) => `-D ${each.chain} ${each.spec}`).values()].join('');
      tryRun(restoreCommand(family), ['--wait', '--noflush'], { input: one });
    }
  }
}

/** Forwarding is a host-wide switch. Docker turns it on too, and a policy with outside addresses needs it. */
export function allowForwarding(): void {
  const file = '/proc/sys/net/ipv4/ip_forward';
  if (readFileSync(file, 'utf8').trim() !== '1') writeFileSync(file, '1');
}

function batches(rules: readonly Rule[], line: (rule: Rule) => string): Map<Rule['family'], string> {
  const inputs = new Map<Rule['family'], string>();
  for (const [family, ofFamily] of Map.groupBy(rules, (rule) => rule.family)) {
    const tables = [...Map.groupBy(ofFamily, (rule) => rule.table)];
    const text = tables.map(([table, inTable]) => `*${table}\n${inTable.map(line).join('\n')}\nCOMMIT\n`);
    inputs.set(family, text.join(''));
  }
  return inputs;
}

function restoreCommand(family: Rule['family']): string {
  return family === 'ip' ? 'iptables-restore' : 'ip6tables-restore';
}

/** Machine names contain only letters, digits, `-` and `_`, so they need no quoting. */
function withComment(spec: string, machine: string): string {
  const at = spec.lastIndexOf(' -j ');
  return `${spec.slice(0, at)} -m comment --comment smolvm-fake:${machine}${spec.slice(at)}`;
}
