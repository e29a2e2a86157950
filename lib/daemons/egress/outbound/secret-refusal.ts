import { type Admission, type Denial, deny } from '../policy/verdict.ts';
import type { Refusing } from './approvals.ts';

const REMOVE = 'Remove it: credentials are added outside the bottle. If it is none, tell the operator.';
const NOT_SENT = 'Nothing was sent.';

/** Refuses a request with secrets in it. `answer`: why nobody lets it out; absent where nobody is to be asked. */
export function secretRefusal(
  types: readonly string[],
  { host, rule }: Admission,
  answer?: Refusing | { readonly state: 'in-host-name' },
): Denial {
  const what = `The request to ${host} holds what looks like a secret (${types.join(', ')})`;
  const { why, remedy = REMOVE } = answer === undefined ? { why: '.' } : textOf(answer);
  return deny('secret-found', host, `${what}${why}`, remedy, rule);
}

/** The end of the sentence, and what the agent can do. */
function textOf(answer: Refusing | { readonly state: 'in-host-name' }): { why: string; remedy?: string } {
  switch (answer.state) {
    case 'absent':
      return { why: ', and no supervisor is attached who could let it out.' };
    case 'unattended':
      return {
        why: ', and this bottle runs without a person who could let it out (BOT_BOTTLE_SUPERVISE=deny).',
      };
    case 'rejected':
      return {
        why: `, and a person refused to let it out (${answer.id}): ${answer.reason}`,
        remedy: `${NOT_SENT} Respect the reason: do not send it again, nor work around it.`,
      };
    case 'failed':
      return {
        why: `. A person approved it (${answer.id}), but that could not be put in force: ${answer.reason}`,
        remedy: `${NOT_SENT} Send it again later if you still need it.`,
      };
    case 'expired':
      return {
        why: `, and nobody decided in time whether it may leave (${answer.id}).`,
        remedy: `${NOT_SENT} Remove it, or send it again later to ask anew.`,
      };
    case 'unwatched':
      return {
        why: `. A person was asked whether it may leave (${answer.id}), but nobody watches the queue now.`,
        remedy: `${NOT_SENT} Go on with other work and send it again: it passes once it is approved, until ${answer.expires}.`,
      };
    case 'refused':
      return { why: `, and no person is asked whether it may leave: ${answer.reason}` };
    case 'full':
      return {
        why: ', and too many requests wait already for a person to decide.',
        remedy: `${NOT_SENT} Wait until they are decided, or remove it.`,
      };
    case 'too-many':
      return { why: ', and too many different ones for a person to decide about.' };
    case 'in-host-name':
      return { why: ' in the name of the host, about which no person is asked.' };
    case 'not-in-force':
      return {
        why: '. It was approved, but the approval is not in force.',
        remedy: `${NOT_SENT} Send it again to ask anew.`,
      };
    case 'gone':
    case 'unreachable':
      return {
        why: ', and the daemon that asks a person does not answer.',
        remedy: `${NOT_SENT} Send it again in a moment: what was asked already is still to be decided.`,
      };
  }
}
