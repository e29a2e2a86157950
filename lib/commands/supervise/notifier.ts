import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import type { Proposal } from '../../daemons/contract/supervise/proposal.ts';
import { asciiJson } from '../../host/ascii-json.ts';
import { childEnvironment } from '../../host/child-environment.ts';
import { inertLine } from '../../supervise/inert.ts';
import { summaryOf } from './proposal-text.ts';

/** The person's own program. It is run without a shell and without arguments: the proposal is JSON on its standard input. */
export const NOTIFY_ENV = 'BOT_BOTTLE_NOTIFY';

/** What is told: the newest proposal, and how many came beside it. */
export interface News {
  readonly proposal: Proposal;
  readonly others: number;
}

/** Tells the person. Never throws; at worst, nothing is told. */
export type Notifier = (news: News) => Promise<void>;

/** Milliseconds that a program is given. */
const TIMEOUT_MS = 10_000;

/** Characters of a notification; the rest is in `make supervise`. */
const MAX_TEXT = 200;

/** The texts are arguments of the script: none of them becomes a part of it. */
const APPLESCRIPT = 'on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run';

/**
 * Chooses how to tell: the person's own program, else the desktop's, else `ring`, which sounds the terminal's bell.
 * A program that fails is followed by the bell.
 */
export async function chooseNotifier(
  ring: () => void,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Notifier> {
  return (await findNotifier(ring, environment)) ?? (async () => ring());
}

/** As `chooseNotifier`; `undefined` where there is no program. */
export async function findNotifier(
  ring: () => void,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Notifier | undefined> {
  const own = environment[NOTIFY_ENV]?.trim();
  if (own) return (news) => run([own], { input: `${asciiJson(news.proposal)}\n`, environment, ring });
  const commandOf = await desktopCommand(environment);
  if (commandOf === undefined) return undefined;
  return (news) =>
    run(commandOf(textsOf(news)), { environment: childEnvironment('desktop', environment), ring });
}

interface Texts {
  readonly title: string;
  readonly body: string;
}

function textsOf({ proposal: { bottle, request }, others }: News): Texts {
  const more = others === 0 ? '' : ` (and ${others} more)`;
  const body = [...summaryOf(request)].slice(0, MAX_TEXT).join('');
  return { title: `${inertLine(bottle)} asks: ${request.kind}${more}`, body };
}

type CommandOf = (texts: Texts) => readonly string[];

/** Where there is no display, as over SSH, a notifier would fail or show it to nobody. */
async function desktopCommand(environment: NodeJS.ProcessEnv): Promise<CommandOf | undefined> {
  const has = (program: string) => isOnPath(program, environment.PATH ?? '');
  if (environment.SSH_CONNECTION) return undefined;
  if (process.platform === 'darwin') {
    if (await has('terminal-notifier'))
      // It takes a text that begins with a bracket for a part of its own syntax.
      return ({ title, body }) => ['terminal-notifier', '-title', ` ${title}`, '-message', ` ${body}`];
    if (await has('osascript')) return ({ title, body }) => ['osascript', '-e', APPLESCRIPT, title, body];
    return undefined;
  }
  const hasDisplay = Boolean(environment.DISPLAY || environment.WAYLAND_DISPLAY);
  if (!hasDisplay || !(await has('notify-send'))) return undefined;
  // Servers may read the body as markup.
  return ({ title, body }) => ['notify-send', '--app-name=bottle-kit', '--', title, withoutMarkup(body)];
}

function withoutMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

async function isOnPath(program: string, path: string): Promise<boolean> {
  for (const directory of path.split(delimiter).filter((one) => one !== '')) {
    const found = await access(join(directory, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}

async function run(
  [program = '', ...args]: readonly string[],
  { input = '', environment, ring }: { input?: string; environment: NodeJS.ProcessEnv; ring: () => void },
): Promise<void> {
  const result = await execa(program, args, {
    ...{ input, env: environment, extendEnv: false, reject: false, timeout: TIMEOUT_MS },
    // What it prints must not get into the screen.
    ...{ stdout: 'ignore', stderr: 'ignore' },
  });
  if (result.failed) ring();
}
