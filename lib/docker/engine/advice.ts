import { BottleError } from '../../errors.ts';
import { onPath } from '../debian-host.ts';
import type { Answer } from './ask.ts';
import { configuredElsewhere } from './place.ts';

const INSTALL = 'https://docs.docker.com/engine/install/';

/** How engines are started that have a context of their own. */
const STARTED_BY: readonly (readonly [context: RegExp, command: string])[] = [
  [/'desktop-linux'/, 'Start Docker Desktop'],
  [/'orbstack'/, 'Start OrbStack (`orb start`)'],
  [/'colima/, 'Start Colima (`colima start`)'],
  [/'rancher-desktop'/, 'Start Rancher Desktop'],
];

/** Creates the error for a machine on which the kit cannot start an engine, with what the user can do. */
export async function engineMissing(answer: Exclude<Answer, { state: 'running' }>): Promise<BottleError> {
  const elsewhere = await configuredElsewhere();
  if (answer.state === 'refused') {
    return missing(
      'the Docker engine is running, but this user cannot access its socket',
      'Add yourself to the docker group (`sudo usermod -aG docker "$USER"`) and log in again, or run as root.',
    );
  }
  if (answer.state === 'podman') {
    return missing(
      `the docker command of this machine is podman's (${answer.said}), which lacks what the kit uses of Docker`,
      `Install Docker Engine, and put its docker before the other on the PATH: ${INSTALL}`,
    );
  }
  if (elsewhere !== undefined) {
    const [, start = 'Start that engine'] = STARTED_BY.find(([context]) => context.test(elsewhere)) ?? [];
    return missing(
      `no Docker engine answers at ${elsewhere}: ${answer.said}`,
      `${start}, or point the docker client at one that runs (DOCKER_HOST, \`docker context use\`).`,
    );
  }
  if (process.platform === 'darwin') {
    return missing(
      'no Docker engine answers',
      'Install and start Docker Desktop, OrbStack or Colima (`brew install colima docker && colima start`).',
    );
  }
  if (await onPath('dockerd')) {
    return missing('no Docker engine answers', 'Start it: `sudo systemctl start docker`.');
  }
  return missing('Docker is not installed on this machine', `Install Docker Engine and start it: ${INSTALL}`);
}

/** Creates the error for an engine on another machine. */
export function engineElsewhere(address: string): BottleError {
  return missing(
    `the Docker engine is on another machine (${address}): it can mount nothing of this one, and its ports are not here`,
    'Point the docker client at an engine of this machine (DOCKER_HOST, `docker context use default`).',
  );
}

export function engineForbidden(): BottleError {
  return missing(
    'no Docker engine answers, and BOT_BOTTLE_ENGINE=none forbids starting one',
    'Start a Docker engine yourself, or unset BOT_BOTTLE_ENGINE.',
  );
}

function missing(message: string, hint: string): BottleError {
  return new BottleError('engine-missing', message, { hint });
}
