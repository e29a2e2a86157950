import { shortMark } from '../../daemons/contract/egress/value-mark.ts';
import type { Proposal } from '../../daemons/contract/supervise/proposal.ts';
import type {
  GrantLimit,
  SuperviseRequest,
  TokenAllowRequest,
} from '../../daemons/contract/supervise/request.ts';
import { inert, inertLine } from '../../supervise/inert.ts';
import type { PendingOfBottle } from '../../supervise/queues.ts';

/** What is pending, as text for a person; all that agents wrote is inert. `now`: milliseconds since 1970. */
export function pendingText(bottles: readonly PendingOfBottle[], now: number): string {
  const blocks = bottles.flatMap(({ pending }) => pending.map((proposal) => proposalText(proposal, now)));
  return blocks.length === 0 ? 'nothing is pending' : blocks.join('\n\n');
}

/** One proposal: a line about it, and what is asked for below. */
export function proposalText(proposal: Proposal, now: number): string {
  const details = detailsOf(proposal.request).map((line) => `  ${line}`);
  return [proposalHead(proposal, now), ...details].join('\n');
}

/** The line about a proposal itself. */
export function proposalHead({ bottle, id, created, count, request }: Proposal, now: number): string {
  const times = count === 1 ? '' : `, asked ${count} times`;
  return `${inertLine(bottle)}  ${id}  ${request.kind}  ${ago(now - Date.parse(created))}${times}`;
}

/** Warnings about queues; each is one line. */
export function problemLines(bottles: readonly PendingOfBottle[]): string[] {
  return bottles.flatMap(({ bottle, problems }) =>
    problems.map((problem) => `the queue of ${bottle}: ${inertLine(problem)}`),
  );
}

/** What is asked for, on one line; what the agent wrote is inert. */
export function summaryOf(request: SuperviseRequest): string {
  switch (request.kind) {
    case 'allow': {
      const { host, port, methods, pathPrefix } = request;
      const place = `${host}${port === undefined ? '' : `:${port}`}${inertLine(pathPrefix ?? '')}`;
      return `${methods?.join(',') ?? 'any method'} ${place}`;
    }
    case 'git-allow':
      return `${request.finding}: ${inertLine(request.reason)}`;
    case 'capability':
      return inertLine(request.dockerfile);
    case 'ask':
      return inertLine(request.question);
    case 'notify':
      return inertLine(request.message);
    case 'egress-token-allow':
      return `${kindsOf(request)} to ${request.host}`;
  }
}

/** Lines; what the agent wrote is quoted, so that it cannot pass for what this says. */
export function detailsOf(request: SuperviseRequest): string[] {
  switch (request.kind) {
    case 'allow': {
      const { host, port, methods, pathPrefix, reason, limit } = request;
      const what = `${methods?.join(', ') ?? 'any method'} to ${host}${port === undefined ? '' : `:${port}`}`;
      const where = pathPrefix === undefined ? 'any path' : `below ${inertLine(pathPrefix)}`;
      return [`${what}, ${where}, ${limitText(limit)}`, ...quoted(reason)];
    }
    case 'git-allow':
      return [`finding ${request.finding} of a refused push`, ...quoted(request.reason)];
    case 'capability':
      return [
        'to add to the image of all further launches, run as root with the network:',
        ...quoted(request.dockerfile),
        'because:',
        ...quoted(request.reason),
      ];
    case 'ask': {
      const choices = request.choices?.map((choice, index) => `${index + 1}. ${inertLine(choice)}`);
      return [...quoted(request.question), ...(choices ?? [])];
    }
    case 'notify':
      return quoted(request.message);
    case 'egress-token-allow':
      return heldDetails(request);
  }
}

/** The kinds of secrets, each once. */
export function kindsOf({ values }: Pick<TokenAllowRequest, 'values'>): string {
  return [...new Set(values.map(({ kind }) => inertLine(kind)))].join(', ');
}

/** Marks tell values apart: none of them can be shown. */
export function marksOf({ values }: Pick<TokenAllowRequest, 'values'>): string {
  return values.map(({ kind, mark }) => `${inertLine(kind)} ${shortMark(mark)}`).join(', ');
}

function heldDetails(request: TokenAllowRequest): string[] {
  const { host, method, path, places } = request;
  const where = places.map(inertLine).join(', ');
  return [
    `${kindsOf(request)} in a request to ${host}`,
    `request: ${inertLine(method)} ${inertLine(path)}, found in: ${where}`,
    `found: ${marksOf(request)}`,
    'The request waits. If approved, it goes out, and so does every later one to this host with the same values.',
  ];
}

function quoted(text: string): string[] {
  return inert(text)
    .split('\n')
    .map((line) => `> ${line}`);
}

/** How long a grant is good for, in words. */
export function limitText(limit: GrantLimit | undefined): string {
  if (limit === undefined) return 'as long as the bottle lives';
  if ('uses' in limit) return limit.uses === 1 ? 'once' : `${limit.uses} times`;
  return `for ${duration(limit.seconds)}`;
}

function ago(milliseconds: number): string {
  return milliseconds < 1000 ? 'now' : `${age(milliseconds)} ago`;
}

/** How old something is; the clock of a bundle may be a little ahead. */
export function age(milliseconds: number): string {
  return duration(Math.max(0, Math.floor(milliseconds / 1000)));
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}
