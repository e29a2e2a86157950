import { spawnSync } from 'node:child_process';
import type { Launch } from './processes.ts';

/** The task of every engine: admit these two hosts, and add this token. */
export interface Job {
  /** A directory for this engine only. */
  readonly directory: string;
  /** The main module of egress, as in the bundle image. */
  readonly egress: string;
  /** Directory with Node's compile cache for it, as in the bundle image. */
  readonly compiled: string;
  /** Port to listen on. */
  readonly port: number;
  /** The host that really responds, on 127.0.0.1, and its port. */
  readonly host: string;
  readonly upstreamPort: number;
  /** Every name below it may be connected to; none of them responds. */
  readonly suffix: string;
  readonly token: string;
  /** The CA that signs leaves, in PEM. */
  readonly bottle: { readonly certificate: string; readonly key: string };
  /** PEM file of the CA that signed the upstream's certificate. */
  readonly worldFile: string;
}

export interface Engine {
  readonly name: string;
  /** Debian package that provides the engine. */
  readonly debian?: { readonly package: string; readonly program: string };
  /** Writes the engine's files and returns how to start it. */
  prepare(job: Job): Promise<Omit<Launch, 'core'>>;
}

/** Returns the Debian packages of engines that are not installed. */
export function missingPackages(engines: readonly Engine[]): string[] {
  const missing = engines.filter(
    ({ debian }) => debian !== undefined && spawnSync(debian.program, ['--version']).error !== undefined,
  );
  return missing.flatMap(({ debian }) => (debian === undefined ? [] : [debian.package]));
}
