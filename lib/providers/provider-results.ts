import { z } from 'zod';
import { BottleError, messageOf } from '../errors.ts';
import type { LoadedProvider } from './loaded-provider.ts';
import type { GuestSetup, HeadlessSession, Session } from './provider.ts';
import { guestFiles, resumablePath, sessionArguments, transcriptEvents } from './provider-schema.ts';

/** Returns the files that the agent finds in its home. @throws BottleError `provider-invalid` */
export function filesOf(provider: LoadedProvider, setup: GuestSetup): z.output<typeof guestFiles> {
  return checked(provider, 'files', guestFiles, () => provider.files?.(setup) ?? []);
}

/** Returns the arguments of a session on a terminal. @throws BottleError `provider-invalid` */
export function interactiveArguments(provider: LoadedProvider, session: Session): string[] {
  return checked(provider, 'interactive', sessionArguments, () => provider.interactive?.(session) ?? []);
}

/**
 * Returns the arguments of a session without a terminal.
 * @throws BottleError `usage` when the agent cannot run that way, `provider-invalid`
 */
export function headlessArguments(provider: LoadedProvider, session: HeadlessSession): string[] {
  const { headless, template } = provider;
  if (headless !== undefined) return checked(provider, 'headless', sessionArguments, () => headless(session));
  throw new BottleError('usage', `the provider \`${template}\` cannot run without a terminal`, {
    hint: 'Launch it without PROMPT, or add `headless` to the provider.',
  });
}

/** Returns the directory, relative to the home, with the sessions that can be resumed in `workdir`. */
export function resumableOf(provider: LoadedProvider, workdir: string): string | undefined {
  const { resumable, transcripts } = provider;
  if (resumable === undefined) return transcripts;
  return checked(provider, 'resumable', resumablePath, () => resumable(workdir));
}

/** Returns what a line of a transcript tells; undefined when the provider cannot tell, or fails. */
export function eventsOfLine(
  provider: LoadedProvider,
  line: unknown,
): z.output<typeof transcriptEvents> | undefined {
  try {
    return transcriptEvents.safeParse(provider.transcriptLine?.(line)).data;
  } catch {
    return undefined;
  }
}

function checked<Schema extends z.ZodType>(
  { template }: LoadedProvider,
  key: string,
  schema: Schema,
  call: () => unknown,
): z.output<Schema> {
  try {
    return schema.parse(call());
  } catch (error) {
    const reason =
      error instanceof z.ZodError
        ? error.issues.map(({ path, message }) => `${[key, ...path].join('.')}: ${message}`).join('; ')
        : messageOf(error);
    throw new BottleError(
      'provider-invalid',
      `\`${key}\` of the provider \`${template}\` failed: ${reason}`,
      {
        hint: 'Correct its provider.ts; see docs/providers.md.',
        cause: error,
      },
    );
  }
}
