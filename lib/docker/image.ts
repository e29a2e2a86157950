import { docker, dockerError, dockerTry } from './cli.ts';

/** Returns the image's id, `sha256:…`; undefined if the engine does not have the image. */
export async function imageId(reference: string): Promise<string | undefined> {
  return inspectField(reference, '{{.Id}}');
}

/** Returns the value of an image's label; undefined if either is missing. */
export async function imageLabel(reference: string, label: string): Promise<string | undefined> {
  return (await inspectField(reference, `{{index .Config.Labels "${label}"}}`)) || undefined;
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
  onLine: (line: string) => void;
  signal?: AbortSignal;
}

/**
 * Builds an image with the engine's builder. The kit's Dockerfiles only use features of the legacy builder.
 */
export async function buildImage(options: BuildOptions): Promise<void> {
  const labels = Object.entries(options.labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]);
  const values = Object.entries(options.buildArguments).flatMap(([name, value]) => [
    '--build-arg',
    `${name}=${value}`,
  ]);
  const files = ['--tag', options.tag, '--file', options.dockerfile, options.context];
  // `--force-rm`, because the legacy builder leaves a container behind when a step fails.
  await docker(['build', '--force-rm', ...labels, ...values, ...files], {
    onLine: options.onLine,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

/** Saves an image as a tarball. @throws BottleError `disk-full` when it does not fit. */
export async function saveImage(reference: string, path: string, signal?: AbortSignal): Promise<void> {
  await docker(['save', '--output', path, reference], signal === undefined ? {} : { signal });
}
