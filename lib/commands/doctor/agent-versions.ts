import { readFile } from 'node:fs/promises';
import { EnvHttpProxyAgent, fetch } from 'undici';
import { z } from 'zod';
import { messageOf } from '../../errors.ts';
import { BUILT_IN_PROVIDERS } from '../../providers/built-in.ts';
import { ownTemplates, providerFor } from '../../providers/registry.ts';
import type { Check } from './check.ts';

const REGISTRY = 'https://registry.npmjs.org';

/** Milliseconds to wait for the registry. */
const TIMEOUT_MS = 5_000;

const latest = z.looseObject({ version: z.string() });

/** Returns a check for each agent that a Dockerfile installs from npm: whether its pinned version is the newest. */
export async function checkAgentVersions(
  home: string,
  newest: (npmPackage: string) => Promise<string> = newestOnNpm,
): Promise<Check[]> {
  const templates = [...Object.keys(BUILT_IN_PROVIDERS), ...(await ownTemplates(home))];
  const checks = templates.map((template) =>
    checkVersion(template, home, newest).catch((error: unknown): Check[] => [
      { name: template, status: 'problem', detail: messageOf(error) },
    ]),
  );
  return (await Promise.all(checks)).flat();
}

async function checkVersion(
  template: string,
  home: string,
  newest: (npmPackage: string) => Promise<string>,
): Promise<Check[]> {
  const { npmPackage, dockerfile } = await providerFor(template, home);
  if (npmPackage === undefined || dockerfile === undefined) return [];
  const pinned = /^ARG AGENT_VERSION=(\S+)/m.exec(await readFile(dockerfile, 'utf8'))?.[1] ?? 'unknown';
  const known = await newest(npmPackage).catch((error: unknown) => ({ reason: messageOf(error) }));
  if (typeof known !== 'string') {
    const detail = `${pinned}; npm could not be asked for a newer version (${known.reason})`;
    return [{ name: template, status: 'ok', detail }];
  }
  if (known === pinned) return [{ name: template, status: 'ok', detail: `${pinned}, the newest` }];
  return [
    {
      name: template,
      status: 'warning',
      detail: `${pinned}; ${known} is the newest`,
      hint: `Update the kit or that Dockerfile, or build an image with --build-arg AGENT_VERSION=${known} and set BOT_BOTTLE_IMAGE.`,
    },
  ];
}

async function newestOnNpm(npmPackage: string): Promise<string> {
  const response = await fetch(`${REGISTRY}/${npmPackage}/latest`, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
    dispatcher: new EnvHttpProxyAgent(),
  });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return latest.parse(await response.json()).version;
}
