import { spawnSync } from 'node:child_process';
import type { Launch } from './processes.ts';

/** What every engine is told to do: let out these two hosts, and add this token. */
export interface Job {
  /** A directory of the engine's own. */
  readonly directory: string;
  /** The main module of egress, as the bundle image has it. */
  readonly egress: string;
  /** Directory with the code that Node made of it, as the bundle image has it. */
  readonly compiled: string;
  /** Port to listen on. */
  readonly port: number;
  /** The host that really answers, on 127.0.0.1, and its port. */
  readonly host: string;
  readonly upstreamPort: number;
  /** Every name below it may be connected to; none of them answers. */
  readonly suffix: string;
  readonly token: string;
  /** The CA to sign leaves with, PEM. */
  readonly bottle: { readonly certificate: string; readonly key: string };
  /** The CA that the upstream is signed by, PEM file. */
  readonly worldFile: string;
}

export interface Engine {
  readonly name: string;
  /** Debian package that has it. */
  readonly debian?: { readonly package: string; readonly program: string };
  /** Writes what it needs, and says how it is started. */
  prepare(job: Job): Promise<Omit<Launch, 'core'>>;
}

/** Debian packages of engines that are not installed. */
export function missingPackages(engines: readonly Engine[]): string[] {
  const missing = engines.filter(
    ({ debian }) => debian !== undefined && spawnSync(debian.program, ['--version']).error !== undefined,
  );
  return missing.flatMap(({ debian }) => (debian === undefined ? [] : [debian.package]));
}
