import { docker, dockerError, dockerTry } from './cli.ts';

/** The image's id, `sha256:…`; undefined when the engine has no such image. */
export async function imageId(reference: string): Promise<string | undefined> {
  return inspectField(reference, '{{.Id}}');
}

/** The value of one label of an image; undefined when either is missing. */
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

/** Builds with whatever builder the engine has: the Dockerfiles of the kit keep to what the legacy one knows. */
export async function buildImage(options: BuildOptions): Promise<void> {
  const labels = Object.entries(options.labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]);
  const values = Object.entries(options.buildArguments).flatMap(([name, value]) => [
    '--build-arg',
    `${name}=${value}`,
  ]);
  const files = ['--tag', options.tag, '--file', options.dockerfile, options.context];
  // The legacy builder leaves a container behind when a step fails.
  await docker(['build', '--force-rm', ...labels, ...values, ...files], {
    onLine: options.onLine,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

/** Writes an image as a tarball. @throws BottleError `disk-full` when it does not fit. */
export async function saveImage(reference: string, path: string, signal?: AbortSignal): Promise<void> {
  await docker(['save', '--output', path, reference], signal === undefined ? {} : { signal });
}
