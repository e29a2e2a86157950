import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { KIT, type Running, Sandbox } from '../support/kit.ts';
import { pathOf } from '../support/shim.ts';
import type { Version } from './cell.ts';
import { type Target, writeShims } from './shim.ts';

const CACHE = join(KIT, 'node_modules', '.kit', 'test-cache');
/** Long enough for what happens in a session to happen. */
const AGENT = ['sh', '-c', 'echo at work >&2; sleep 3'];

export interface Injected {
  readonly target?: Target;
  readonly action?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called before anything is written below the home. */
  readonly arrange?: (user: Sandbox) => Promise<void>;
}

export interface Launched {
  readonly user: Sandbox;
  /** Of the shims. */
  readonly directory: string;
  readonly running: Running;
  /** Environment of scripts that meet no faults. */
  readonly healthy: Record<string, string>;
}

/** Starts a launch, in a new home, whose docker and smolvm meet a fault. */
export async function launchWith(
  version: Version,
  { target, action, env, arrange }: Injected,
): Promise<Launched> {
  const user = new Sandbox(CACHE);
  const directory = join(user.root, 'shims');
  const smolvm = join(KIT, 'smolvm-fakes', 'bin', `smolvm-${version}`);
  mkdirSync(user.home, { recursive: true });
  await arrange?.(user);
  const programs = { docker: pathOf('docker'), smolvm };
  const shims = writeShims({
    directory,
    programs,
    ...(target && { target }),
    ...(action === undefined ? {} : { action }),
  });
  await user.writeAgent('quick', AGENT);
  const healthy = { SMOLVM: smolvm };
  user.smolvm = smolvm;
  const running = user.start('launch', ['--agent', 'quick'], {
    SMOLVM: shims.smolvm,
    PATH: [directory, user.env.PATH].join(delimiter),
    ...env,
  });
  writeFileSync(join(directory, 'launch.pid'), String(running.child.pid));
  return { user, directory, running, healthy };
}
