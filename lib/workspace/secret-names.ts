/** Names that end in these hold keys, whatever comes before. */
const SUFFIXES = [
  '.pem',
  '.key',
  '.p12',
  '.pfx',
  '.jks',
  '.keystore',
  '.kdbx',
  '.ppk',
  '.asc',
  '.gpg',
  '.tfstate',
];

/** Files in which programs keep credentials. */
const NAMES = new Set([
  ...['.netrc', '_netrc', '.npmrc', '.yarnrc.yml', '.pypirc', '.git-credentials', '.htpasswd', '.pgpass'],
  ...[
    '.dockercfg',
    '.vault-token',
    '.envrc',
    'credentials',
    'credentials.json',
    'secrets.yml',
    'secrets.yaml',
  ],
  ...['secrets.json', 'service-account.json', 'kubeconfig', 'id_rsa', 'id_dsa', 'id_ecdsa', 'id_ed25519'],
  ...['terraform.tfvars', 'local.settings.json', 'master.key', '.s3cfg', '.boto'],
]);

/** What follows `.env.` in templates, which are meant to be shared. */
const TEMPLATE = /(?:^|\.)(?:example|sample|template|dist|defaults?|schema)$/;

/** Public halves, and certificates without keys. */
const PUBLIC = /\.pub$|\.pub\.(?:asc|pem|key)$|public[^/]*\.(?:pem|key|asc)$/;

/** Whether a file's name alone says that it holds secrets, such as `.env` or `id_ed25519`. */
export function isSecretName(path: string): boolean {
  const name = (path.split('/').at(-1) ?? '').toLowerCase();
  if (PUBLIC.test(name)) return false;
  if (/^\.env(?:\.|$)/.test(name) || /\.env$/.test(name)) return !TEMPLATE.test(name);
  return NAMES.has(name) || SUFFIXES.some((suffix) => name.endsWith(suffix));
}
