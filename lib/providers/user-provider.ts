import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { BottleError, messageOf } from '../errors.ts';
import { isMissing } from '../host/files.ts';
import { describeIssue } from '../manifest/reading/describe-issue.ts';
import { didYouMean } from '../manifest/reading/suggest.ts';
import { valueAt } from '../manifest/reading/value-at.ts';
import { variableName } from '../manifest/schema/variable-name.ts';
import type { Provider, UserProvider } from './provider.ts';

/** Milliseconds that a module may take to load; it has nothing to wait for. */
const LOADING_MS = 10_000;

const withoutNul = z.string().refine((text) => !text.includes('\0'), 'holds a NUL character');
const guestPath = withoutNul.regex(/^\//, 'is not an absolute path');

const userProvider = z.strictObject({
  command: z.array(withoutNul.min(1)).min(1),
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]*$/, 'is not the name of a user')
    .default('node'),
  home: guestPath.default('/home/node'),
  environment: z.record(variableName, withoutNul).default({}),
}) satisfies z.ZodType<unknown, UserProvider>;

/**
 * The operator's own provider of that name: `contrib/<name>/provider.ts`, with a `Dockerfile` beside it if it has an
 * image of its own. Nothing when there is no such directory. `template` is checked already: no path passes.
 * @throws BottleError `provider-invalid`
 */
export async function loadUserProvider(
  template: string,
  home: string,
  loadingMs = LOADING_MS,
): Promise<Provider | undefined> {
  const folder = join(home, 'contrib', template);
  if (!(await stat(folder).catch(() => undefined))?.isDirectory()) return undefined;
  const file = join(folder, 'provider.ts');
  const { command, ...rest } = validate(file, await importDefault(file, loadingMs));
  const dockerfile = join(folder, 'Dockerfile');
  const hasDockerfile = await access(dockerfile).then(
    () => true,
    () => false,
  );
  return {
    ...rest,
    template,
    image: `bot-bottle-${template.toLowerCase()}`,
    ...(hasDockerfile ? { dockerfile } : {}),
    promptMode: 'variable',
    command: () => command,
  };
}

async function importDefault(file: string, loadingMs: number): Promise<unknown> {
  const timer = new AbortController();
  try {
    await access(file);
    const module: unknown = await Promise.race([
      import(pathToFileURL(file).href),
      never(loadingMs, timer.signal),
    ]);
    return z.looseObject({ default: z.unknown() }).parse(module).default;
  } catch (error) {
    throw new BottleError('provider-invalid', `${file}${lineOf(error, file)} ${reasonOf(error)}`, {
      hint: 'Write a module whose default export is the provider: `export default { command: [PROGRAM] };`',
      cause: error,
    });
  } finally {
    timer.abort();
  }
}

/** Rejects after a while. A promise that nobody settles would otherwise end the process without a word. */
async function never(milliseconds: number, signal: AbortSignal): Promise<never> {
  await sleep(milliseconds, undefined, { signal });
  throw new Error(`its loading has not ended after ${milliseconds / 1000} s`);
}

/** `:LINE` of a syntax error, which Node tells in the stack alone. */
function lineOf(error: unknown, file: string): string {
  if (!(error instanceof SyntaxError)) return '';
  const [, line] = (error.stack ?? '').split(`${file}:`);
  return line === undefined ? '' : `:${Number.parseInt(line, 10)}`;
}

function reasonOf(error: unknown): string {
  return isMissing(error) ? 'is not there' : `cannot be loaded: ${messageOf(error)}`;
}

function validate(file: string, value: unknown): z.output<typeof userProvider> {
  const result = parse(file, value);
  if (result.success) return result.data;
  const lines = result.error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return issue.keys.map(unknownKey);
    const key = issue.path.map(String).join('.');
    const deepest = issue.code === 'invalid_key' ? (issue.issues[0] ?? issue) : issue;
    const { message } = describeIssue(deepest, valueAt(value, issue.path.map(String)), key);
    return key === '' ? message : `${key}: ${message}`;
  });
  throw invalid(file, lines);
}

/** What a module exports may be anything, down to properties that throw when they are read. */
function parse(file: string, value: unknown) {
  try {
    return userProvider.safeParse(value);
  } catch (error) {
    throw invalid(file, [messageOf(error)]);
  }
}

function unknownKey(key: string): string {
  return `unknown key \`${key}\`${didYouMean(key, Object.keys(userProvider.shape))}`;
}

function invalid(file: string, lines: readonly string[]): BottleError {
  return new BottleError(
    'provider-invalid',
    [`${file}: the default export is no provider`, ...lines].join('\n'),
    { hint: 'Keys are: command (required), user, home, environment.' },
  );
}
