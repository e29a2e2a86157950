import { execa } from 'execa';
import { BottleError } from '../errors.ts';
import { installHint } from '../smolvm/binary.ts';
import { hostEnvironment } from '../smolvm/host-environment.ts';

/** Asks a fake what keeps it from starting guests on this machine, as this user; nothing when it can. */
export async function fakeObstacles(path: string): Promise<string[]> {
  const { exitCode, stdout, stderr } = await execa(path, ['--fake-obstacles'], {
    reject: false,
    timeout: 20_000,
    env: hostEnvironment(),
    extendEnv: false,
  });
  if (exitCode !== 0) return [stderr.trim() || 'it does not start'];
  return stdout.split('\n').filter((line) => line !== '');
}

/** @throws BottleError `smolvm-unsupported` with how to get a smolvm that runs here, if there are obstacles. */
export function assertFakeRuns(obstacles: readonly string[], platform: NodeJS.Platform): void {
  if (obstacles.length === 0) return;
  throw new BottleError(
    'smolvm-unsupported',
    `the kit’s fake smolvm cannot start guests here: ${obstacles.join('; ')}`,
    { hint: installHint(platform) },
  );
}
