import { ensureAliasPool } from '../../channels/alias-pool.ts';
import { attachWith } from '../../phases/attach.ts';
import { prepare } from '../../phases/prepare.ts';
import type { SessionRequest } from '../../phases/session-request.ts';
import { workspace } from '../../phases/workspace.ts';
import { hostTerminal } from '../../sessions/host-terminal.ts';
import { Notices } from '../../sessions/notices.ts';
import { line, paint, type Verbosity } from '../../terminal/output.ts';
import { detach } from '../hold/detach.ts';
import { reportPhase } from '../phase/phase-script.ts';
import { announcing } from '../supervise/announce.ts';
import { restoreTranscript } from '../transcript/restore-transcript.ts';
import { askPrompted } from '../up/ask-prompted.ts';
import { up } from '../up/up.ts';
import { watchBottle } from '../watch/watch-bottle.ts';
import { checkSession } from './check-session.ts';
import { confirmLaunch } from './confirm-launch.ts';
import type { LaunchSteps } from './launch.ts';
import { planScreen } from './plan-screen.ts';

export interface StepOptions {
  readonly signal: AbortSignal;
  readonly verbosity: Verbosity;
  /** Launch without asking. */
  readonly yes: boolean;
  /** Go on without the operator's terminal. */
  readonly detach: boolean;
  /** Prepare again what was prepared before. */
  readonly force?: boolean;
}

/** The steps of a launch as the scripts take them: phases report, and the operator is asked. */
export function launchSteps(request: SessionRequest, options: StepOptions): LaunchSteps {
  const { signal, verbosity, yes, force = false } = options;
  const quiet = verbosity === 'quiet';
  const say = quiet ? () => {} : (text: string) => line(`${paint('dim', '·')} ${text}`);
  const reporting = { force: false, json: false, verbosity, signal };
  const notices = new Notices();
  const session = async (slug: string) =>
    (await reportPhase(attachWith(request, notices), slug, reporting)).exitCode;
  const hasOwnTerminal = request.prompt === undefined && hostTerminal() !== undefined;
  return {
    say,
    prepare: (slug) => reportPhase(prepare, slug, { ...reporting, force }),
    async confirm(plan) {
      await checkSession(plan, request, options.detach);
      if (!quiet) line(planScreen(plan, process.stderr.columns));
      if (!(await confirmLaunch(plan, yes, signal))) return false;
      await askPrompted(plan, signal);
      // Before phases print side by side: it may ask for a password.
      if (plan.smolvm.tier === 'alias') await ensureAliasPool(say);
      return true;
    },
    async up(slug) {
      await up(slug, { signal, quiet });
      await reportPhase(workspace, slug, reporting);
      await restoreTranscript(slug, { signal, say });
    },
    detach: options.detach
      ? (plan) => detach({ slug: plan.slug, owns: true, learns: plan.egress.learn }, request, signal, say)
      : undefined,
    attach: (slug) =>
      watchBottle(
        slug,
        (text) => notices.say(text),
        () => announcing(slug, hasOwnTerminal ? undefined : say, () => session(slug)),
      ),
  };
}
