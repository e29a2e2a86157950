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
import { type LoadedProvider, loadedFrom } from './loaded-provider.ts';
import { providerSchema } from './provider-schema.ts';

/** Milliseconds that a module may take to load. */
const LOADING_MS = 10_000;

/**
 * Loads the operator's own provider from `contrib/<template>/provider.ts`, with an optional `Dockerfile`
 * beside it. Undefined when there is no such directory. The caller has checked that `template` is not a path.
 * @throws BottleError `provider-invalid`
 */
export async function loadUserProvider(
  template: string,
  home: string,
  loadingMs = LOADING_MS,
): Promise<LoadedProvider | undefined> {
  const folder = join(home, 'contrib', template);
  if (!(await stat(folder).catch(() => undefined))?.isDirectory()) return undefined;
  const file = join(folder, 'provider.ts');
  return loadedFrom(folder, template, validate(file, await importDefault(file, loadingMs)));
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

function validate(file: string, value: unknown): z.output<typeof providerSchema> {
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
    return providerSchema.safeParse(value);
  } catch (error) {
    throw invalid(file, [messageOf(error)]);
  }
}

function unknownKey(key: string): string {
  return `unknown key \`${key}\`${didYouMean(key, Object.keys(providerSchema.shape))}`;
}

function invalid(file: string, lines: readonly string[]): BottleError {
  return new BottleError(
    'provider-invalid',
    [`${file}: the default export is not a provider`, ...lines].join('\n'),
    { hint: `Keys are: ${Object.keys(providerSchema.shape).join(', ')}.` },
  );
}
