/** Names that resolve to the stand-in, for whoever may look them up. */
export const HOSTS = [
  'allowed.example',
  'paths.example',
  'plain.example',
  'other.example',
  'wanted.example',
  'forge.example',
  'a.wild.example',
  'wild.example',
  'evilwild.example',
  'rebound.example',
];

/** Names with a route that somebody has let resolve to where egress must not go; those with `private` may be private. */
const LURES = [
  { host: 'metadata.example', address: '169.254.169.254', private: true },
  { host: 'mapped.example', address: '::ffff:169.254.169.254', private: true },
  { host: 'metadata6.example', address: 'fd00:ec2::254', private: true },
  { host: 'alibaba.example', address: '100.100.100.200', private: true },
  { host: 'nat64.example', address: '64:ff9b::a9fe:a9fe', private: true },
  { host: 'six-to-four.example', address: '2002:a9fe:a9fe::1', private: true },
  { host: 'zero.example', address: '0.0.0.0', private: true },
  { host: 'multicast.example', address: '224.0.0.251', private: true },
  { host: 'loopback.example', address: '127.0.0.1', private: false },
  { host: 'loopback6.example', address: '::1', private: false },
  { host: 'docker.example', address: '172.17.0.1', private: false },
  { host: 'lan.example', address: '192.168.1.1', private: false },
  { host: 'shared.example', address: '100.64.0.1', private: false },
];

/** More of the manifest: routes, and a repository whose upstream exists. */
export function manifestExtra(): string {
  const block = 'dlp: {outbound_on_match: block}';
  const routes = [
    `{host: allowed.example, auth: {scheme: Bearer, token_ref: UPSTREAM_TOKEN}, ${block}}`,
    `{host: paths.example, matches: [{paths: [{value: /open}], methods: [GET]}], ${block}}`,
    `{host: plain.example, ${block}}`,
    `{host: '*.wild.example', ${block}}`,
    '{host: rebound.example}',
    ...LURES.map(({ host, private: isPrivate }) => `{host: ${host}, private: ${isPrivate}}`),
  ];
  const hosts = LURES.map(({ host, address }) => `${host}: '${address}'`);
  return `egress:
  log: 2
  routes:
${routes.map((route) => `    - ${route}\n`).join('')}git-gate:
  user: {name: Smith, email: smith@example.com}
  repos:
    kit:
      url: https://forge.example/team/kit.git
      key: {provider: token, token_ref: FORGE_TOKEN}
      push: false
      extra_hosts: {${hosts.join(', ')}}
`;
}
