import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { BottleError, messageOf } from '../errors.ts';
import type { Provider } from './provider.ts';

const withoutNul = z.string().refine((text) => !text.includes('\0'), 'holds a NUL character');
const guestPath = withoutNul.regex(/^\//, 'is not an absolute path');

/**
 * What `$BOT_BOTTLE_HOME/contrib/<name>/provider.ts` exports as its default:
 *
 *     export default { command: ['aider', '--yes'], environment: { AIDER_ANALYTICS: '0' } };
 */
const userProvider = z.strictObject({
  /** Program and arguments that start the agent; no shell reads them. */
  command: z.array(withoutNul.min(1)).min(1),
  /** The guest's user that it runs as; the image has it. */
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]*$/, 'is not the name of a user')
    .default('node'),
  /** That user's home in the guest. */
  home: guestPath.default('/home/node'),
  /** Variables of the agent, never secrets; the bottle's own win. */
  environment: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), withoutNul).default({}),
});
export type UserProvider = z.input<typeof userProvider>;

/**
 * The operator's own provider of that name: `contrib/<name>/provider.ts`, with a `Dockerfile` beside it if it has an
 * image of its own. Nothing when there is no such directory. `template` is checked already: no path passes.
 * @throws BottleError `provider-invalid`
 */
export async function loadUserProvider(template: string, home: string): Promise<Provider | undefined> {
  const folder = join(home, 'contrib', template);
  if (!(await stat(folder).catch(() => undefined))?.isDirectory()) return undefined;
  const file = join(folder, 'provider.ts');
  const { command, ...rest } = validate(file, await importDefault(file));
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

async function importDefault(file: string): Promise<unknown> {
  try {
    const module: unknown = await import(pathToFileURL(file).href);
    return z.looseObject({ default: z.unknown() }).parse(module).default;
  } catch (error) {
    throw new BottleError('provider-invalid', `${file} cannot be loaded: ${messageOf(error)}`, {
      hint: 'Write a module whose default export is the provider: `export default { command: [PROGRAM] };`',
      cause: error,
    });
  }
}

function validate(file: string, value: unknown): z.output<typeof userProvider> {
  const result = userProvider.safeParse(value);
  if (result.success) return result.data;
  const lines = result.error.issues.map(({ path, message }) => {
    const key = path.map(String).join('.');
    return key === '' ? message : `${key}: ${message}`;
  });
  throw new BottleError(
    'provider-invalid',
    `${file}: the default export is no provider\n${lines.join('\n')}`,
    {
      hint: 'Keys are: command (required), user, home, environment.',
    },
  );
}
