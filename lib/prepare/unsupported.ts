import { BottleError } from '../errors.ts';
import type { Manifest } from '../manifest/types.ts';

/** What a manifest may say and this version would not honour. A feature that arrives strikes out its line here. */
export function unsupportedKeys({ agent, bottle, origins }: Manifest): string[] {
  const { provider, gitGate, supervise } = bottle;
  const keys: [key: string, isDeclared: boolean][] = [
    ['agent_provider.template', ['claude', 'codex'].includes(provider.template)],
    ['git-gate.user', gitGate.user.name !== undefined || gitGate.user.email !== undefined],
    ['git-gate.repos', gitGate.repos.length > 0],
    // As the mere default it promises nobody anything.
    ['supervise', supervise && origins.supervise !== undefined],
    ['skills', agent.skills.length > 0],
  ];
  return keys.flatMap(([key, isDeclared]) => (isDeclared ? [key] : []));
}

/** @throws BottleError `manifest-invalid` naming all that is declared and could not be honoured. */
export function assertSupported(manifest: Manifest): void {
  const keys = unsupportedKeys(manifest);
  if (keys.length === 0) return;
  const lines = keys.map(
    (key) => `${placeOf(key, manifest)}${key}: not supported yet${detailOf(key, manifest)}`,
  );
  const [only] = lines;
  const several = `the manifest asks for ${keys.length} things that are not supported yet\n${lines.join('\n')}`;
  throw new BottleError('manifest-invalid', lines.length === 1 && only !== undefined ? only : several, {
    hint: 'Remove what is named: a bottle does not start with less than its manifest says.',
  });
}

/** Where the key stands, or a part of it, or else the nearest key above it: `FILE:LINE: `. */
function placeOf(key: string, { origins, bottles }: Manifest): string {
  const part = Object.keys(origins).find((path) => path.startsWith(`${key}.`));
  for (let path = key; path !== ''; path = path.replace(/(^|\.)[^.]*$/, '')) {
    const origin = origins[path] ?? (part === undefined ? undefined : origins[part]);
    if (origin !== undefined) return `${origin.file}:${origin.line}: `;
  }
  return `${(bottles.at(-1) ?? bottles[0]).file}: `;
}

/** What stands behind a key whose name alone does not tell. */
function detailOf(key: string, { bottle, origins }: Manifest): string {
  if (key !== 'agent_provider.template') return '';
  const { template } = bottle.provider;
  return ` (\`${template}\`${origins.agent_provider === undefined ? ', the default' : ''}; \`command\` is)`;
}
