import { z } from 'zod';
import { bottlePaths } from '../bottle/paths.ts';
import type { Container } from '../docker/container.ts';
import { writeAtomically } from '../host/files.ts';
import { readJson } from '../host/read-json.ts';

const publishedPorts = z.array(z.strictObject({ daemon: z.string(), port: z.int().min(1).max(65_535) }));

/** Writes down the host port of each daemon, for a bundle that takes the place of this one. */
export async function rememberPorts(
  slug: string,
  published: readonly { readonly daemon: string; readonly port: number }[],
): Promise<void> {
  const ports = published.map(({ daemon, port }) => ({ daemon, port }));
  await writeAtomically(bottlePaths.publishedPorts(slug), JSON.stringify(ports));
}

/**
 * Returns the ports of the bottle's last bundle, by daemon. An agent that is at work has them in its environment, and goes
 * on with a new bundle only at the same ones.
 */
export async function lastPorts(slug: string): Promise<ReadonlyMap<string, number>> {
  const found = await readJson(bottlePaths.publishedPorts(slug), publishedPorts).catch(() => undefined);
  return new Map(found?.map(({ daemon, port }) => [daemon, port]));
}

/** Whether a bundle is published where the last one was: an engine that restarts it picks other ports. */
export async function isAtLastPorts(slug: string, { ports }: Pick<Container, 'ports'>): Promise<boolean> {
  const published = new Set(
    Object.values(ports).flatMap((bindings) => bindings.map(({ hostPort }) => hostPort)),
  );
  return [...(await lastPorts(slug)).values()].every((port) => published.has(port));
}
