import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { BottleError } from '../errors.ts';
import { cacheDirectory } from '../host/directories.ts';
import { failedStep, sayingSlowSteps } from './builder-output.ts';
import { buildkitFeature } from './buildkit-feature.ts';
import { type DockerResult, docker, dockerError, dockerTry } from './cli.ts';

/** Returns the image's id, `sha256:…`; undefined if the engine does not have the image. */
export async function imageId(reference: string): Promise<string | undefined> {
  return inspectField(reference, '{{.Id}}');
}

/** Returns the value of an image's label; undefined if either is missing. */
export async function imageLabel(reference: string, label: string): Promise<string | undefined> {
  const config = await inspectField(reference, CONFIG);
  return config === undefined ? undefined : inspectedConfig.parse(JSON.parse(config)).Labels[label];
}

/** What an image says about how to run it. */
export interface ImageConfig {
  /** USER; empty for root. */
  user: string;
  /** WORKDIR; empty if unset. */
  directory: string;
  /** ENV. */
  environment: Record<string, string>;
  entrypoint: string[];
  cmd: string[];
  labels: Record<string, string>;
}

const words = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? []);
/** As JSON: engines leave out what is empty, or the whole, which a template could only name as an error. */
const CONFIG = '{{json .Config}}';
const inspectedConfig = z.preprocess(
  (config) => config ?? {},
  z.looseObject({
    User: z.string().default(''),
    WorkingDir: z.string().default(''),
    Env: words,
    Entrypoint: words,
    Cmd: words,
    Labels: z
      .record(z.string(), z.string())
      .nullish()
      .transform((labels) => labels ?? {}),
  }),
);

/** Returns how an image of the engine is meant to be run. @throws BottleError `engine-failed` without the image. */
export async function imageConfig(reference: string): Promise<ImageConfig> {
  const stdout = await docker(['image', 'inspect', '--format', CONFIG, reference]);
  const { User, WorkingDir, Env, Entrypoint, Cmd, Labels } = inspectedConfig.parse(JSON.parse(stdout));
  const variables = Env.map((entry): [string, string] => {
    const [name = ''] = entry.split('=', 1);
    return [name, entry.slice(name.length + 1)];
  });
  const environment = Object.fromEntries(variables.filter(([name]) => name !== ''));
  const program = { entrypoint: Entrypoint, cmd: Cmd };
  return { user: User, directory: WorkingDir, environment, ...program, labels: Labels };
}

async function inspectField(reference: string, format: string): Promise<string | undefined> {
  const args = ['image', 'inspect', '--format', format, reference];
  const result = await dockerTry(args);
  if (result.exitCode === 0) return result.stdout.trim();
  if (/no such image/i.test(result.stderr)) return undefined;
  throw dockerError(args, result);
}

export interface BuildOptions {
  tag: string;
  dockerfile: string;
  context: string;
  labels: Readonly<Record<string, string>>;
  buildArguments: Readonly<Record<string, string>>;
  /** Called with each step that takes long. */
  say: (line: string) => void;
  signal?: AbortSignal;
}

/**
 * Builds an image with the engine's builder: BuildKit where the client has buildx, else the legacy builder, of which the
 * kit's Dockerfiles only use features.
 * @throws BottleError `image-unusable` when the Dockerfile needs BuildKit and there is none.
 */
export async function buildImage(options: BuildOptions): Promise<void> {
  const labels = Object.entries(options.labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]);
  const values = Object.entries(options.buildArguments).flatMap(([name, value]) => [
    '--build-arg',
    `${name}=${value}`,
  ]);
  const files = ['--tag', options.tag, '--file', options.dockerfile, options.context];
  // `--force-rm`, because the legacy builder leaves a container behind when a step fails.
  const args = ['build', '--force-rm', ...labels, ...values, ...files];
  const said: string[] = [];
  const progress = sayingSlowSteps(options.say);
  const build = (env: Record<string, string>) =>
    dockerTry(args, {
      // An attestation names the time of the build: every build, cached or not, would be another image.
      env: { BUILDX_NO_DEFAULT_ATTESTATIONS: '1', ...env },
      onLine: (line) => {
        said.push(line);
        progress.onLine(line);
      },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    }).finally(progress.end);
  const asSet = await build({});
  // DOCKER_BUILDKIT=1 in the person's shell, without the plugin.
  const lacksBuildx = asSet.exitCode !== 0 && /buildx component is missing or broken/i.test(asSet.stderr);
  const result = lacksBuildx ? await build({ DOCKER_BUILDKIT: '0' }) : asSet;
  if (result.exitCode === 0) {
    if ((await imageId(options.tag)) !== undefined) return;
    throw new BottleError(
      'engine-failed',
      `docker build made ${options.tag}, but the engine does not have it`,
      {
        hint: 'The builder that is chosen keeps its images elsewhere: choose another (`docker buildx use default`).',
      },
    );
  }
  const text = await readFile(options.dockerfile, 'utf8').catch(() => '');
  const feature = buildkitFeature(result.stderr, text);
  if (feature === undefined) throw await buildError(args, result, said, options.tag);
  throw new BottleError(
    'image-unusable',
    `${options.dockerfile} uses ${feature}, for which this Docker needs the plugin buildx`,
    {
      hint: 'Install it (packages docker-buildx-plugin or docker-buildx), or write the Dockerfile without that.',
    },
  );
}

/** Adds the image of a tarball to the engine, under the tag that the tarball says. */
export async function loadImage(path: string, signal?: AbortSignal): Promise<void> {
  await docker(['load', '--quiet', '--input', path], signal === undefined ? {} : { signal });
}

/** Names the last lines of the failed step, which the legacy builder prints on stdout, and where all of them are. */
async function buildError(
  args: readonly string[],
  result: DockerResult,
  said: readonly string[],
  tag: string,
): Promise<BottleError> {
  const error = dockerError(args, { ...result, stderr: failedStep(said) || result.stderr });
  const path = join(cacheDirectory(), 'logs', `build-${tag.replace(/[^A-Za-z0-9.-]+/g, '-')}.log`);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${said.join('\n')}\n`, { mode: 0o600 });
  } catch {
    return error;
  }
  const hint = `All of its output is in ${path}.`;
  return error.hint === undefined ? new BottleError(error.code, error.message, { hint }) : error;
}

/** Saves an image as a tarball. @throws BottleError `disk-full` when it does not fit. */
export async function saveImage(reference: string, path: string, signal?: AbortSignal): Promise<void> {
  await docker(['save', '--output', path, reference], signal === undefined ? {} : { signal });
}

/** Removes a tag, and the image if that was its last one. Idempotent. */
export async function removeImage(reference: string): Promise<void> {
  const args = ['image', 'rm', reference];
  const result = await dockerTry(args);
  if (result.exitCode !== 0 && !/no such image/i.test(result.stderr)) throw dockerError(args, result);
}
