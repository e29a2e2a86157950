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

/** Milliseconds that a module may take to load. */
const LOADING_MS = 10_000;

const withoutNul = z.string().refine((text) => !text.includes('\0'), 'contains a NUL character');
const guestPath = withoutNul.regex(/^\//, 'is not an absolute path');

const userProvider = z.strictObject({
  command: z.array(withoutNul.min(1)).min(1),
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]*$/, 'is not a valid user name')
    .optional(),
  home: guestPath.optional(),
  environment: z.record(variableName, withoutNul).default({}),
}) satisfies z.ZodType<unknown, UserProvider>;

/**
 * Loads the operator's own provider from `contrib/<template>/provider.ts`, with an optional `Dockerfile`
 * beside it. Undefined when there is no such directory. The caller has checked that `template` is not a path.
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

/** Rejects after `milliseconds`. Without it, a promise that never settles would silently end the process. */
async function never(milliseconds: number, signal: AbortSignal): Promise<never> {
  await sleep(milliseconds, undefined, { signal });
  throw new Error(`loading did not finish within ${milliseconds / 1000} s`);
}

/** Returns `:LINE` of a syntax error, which Node reports only in the stack. */
function lineOf(error: unknown, file: string): string {
  if (!(error instanceof SyntaxError)) return '';
  const [, line] = (error.stack ?? '').split(`${file}:`);
  return line === undefined ? '' : `:${Number.parseInt(line, 10)}`;
}

function reasonOf(error: unknown): string {
  return isMissing(error) ? 'does not exist' : `cannot be loaded: ${messageOf(error)}`;
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

/** A module may export anything, even properties that throw when read. */
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
    [`${file}: the default export is not a provider`, ...lines].join('\n'),
    { hint: 'Keys are: command (required), user, home, environment.' },
  );
}
