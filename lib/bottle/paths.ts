import { join } from 'node:path';
import { homeDirectory } from '../host/directories.ts';
import { assertSlug } from './slug.ts';

export function stateDirectory(): string {
  return join(homeDirectory(), 'state');
}

/** Returns a bottle's state directory. */
export function bottleDirectory(slug: string): string {
  assertSlug(slug);
  return join(stateDirectory(), slug);
}

/** Paths inside a bottle's directory. */
export const bottlePaths = {
  metadata: (slug: string) => join(bottleDirectory(slug), 'metadata.json'),
  phases: (slug: string) => join(bottleDirectory(slug), 'phases'),
  journal: (slug: string) => join(bottleDirectory(slug), 'journal'),
  /** An optional Dockerfile of the bottle itself, which overrides every other. */
  dockerfile: (slug: string) => join(bottleDirectory(slug), 'Dockerfile'),
  logs: (slug: string) => join(bottleDirectory(slug), 'logs'),
  /** The sessions that processes of the host hold, one file each. */
  sessions: (slug: string) => join(bottleDirectory(slug), 'sessions'),
  /** What agents printed; when it is full, the earlier half is `agent-output.1`. */
  agentOutput: (slug: string) => join(bottleDirectory(slug), 'agent-output'),
  /** The agent's session files as they were copied last, at their places below its home. */
  transcript: (slug: string) => join(bottleDirectory(slug), 'transcript'),
  /** Held by whoever replaces the transcript. */
  transcriptLock: (slug: string) => join(bottleDirectory(slug), 'locks', 'transcript.db'),
  /** Written by the bundle: what egress let out and refused, and what it learned. */
  audit: (slug: string) => join(bottleDirectory(slug), 'audit'),
  /** Where its last bundle was published; outlives the records of a bundle that died. */
  publishedPorts: (slug: string) => join(bottleDirectory(slug), 'published-ports.json'),
  prompt: (slug: string) => join(bottleDirectory(slug), 'agent', 'prompt.txt'),
  egress: (slug: string) => join(bottleDirectory(slug), 'egress'),
  /** What egress lets out: the prepared routes, and what persons have granted since. */
  routes: (slug: string) => join(bottleDirectory(slug), 'egress', 'routes.yaml'),
  ca: (slug: string) => join(bottleDirectory(slug), 'egress-ca'),
  /** The git gate's configuration: repositories, known hosts, and its keys while the bundle runs. */
  gitGate: (slug: string) => join(bottleDirectory(slug), 'git-gate'),
  /** The git gate's mirrors, while the bottle is up. */
  gitMirrors: (slug: string) => join(bottleDirectory(slug), 'git-mirrors'),
  /** Proposals of the agent and decisions about them; both sides write, see `daemons/contract/supervise`. */
  superviseQueue: (slug: string) => join(bottleDirectory(slug), 'supervise', 'queue'),
  /** What persons have granted; no container mounts it. */
  grants: (slug: string) => join(bottleDirectory(slug), 'supervise', 'grants.json'),
  /** Held by whoever decides about proposals or changes grants. */
  policyLock: (slug: string) => join(bottleDirectory(slug), 'locks', 'policy.db'),
  /** Pipelock's configuration and CA. */
  pipelock: (slug: string) => join(bottleDirectory(slug), 'pipelock'),
} as const;
