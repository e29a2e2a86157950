import { randomUUID } from 'node:crypto';
import {
  type GateReply,
  gateNotice,
  gateReply,
  MAX_LINE,
  type PushEnd,
  type RequestEnd,
} from '../contract/git-gate/control.ts';
import { askOnce, connectTo, jsonLines, sendLine } from '../shared/json-lines.ts';

/** Never throws: a gate that is not there cannot refresh. */
export async function refreshMirror(path: string, repo: string): Promise<GateReply> {
  try {
    return gateReply.parse(await askOnce(path, { do: 'refresh', repo }, MAX_LINE));
  } catch {
    return { ok: false, text: 'git gate: it is not ready; try again in a moment' };
  }
}

/** Has git-gate write down what has ended. Never throws: the audit of a gate that is gone has a gap. */
export async function reportEnd(path: string, end: Omit<RequestEnd, 'do'>): Promise<void> {
  await askOnce(path, { do: 'ended', ...end }, MAX_LINE).catch(() => {});
}

/** A push that git-gate knows of. */
export interface OpenPush {
  /** What the hooks of this push call it. */
  readonly id: string;
  /** Whether it is on its way upstream. */
  isForwarding(): boolean;
  end(traffic: PushEnd): void;
}

/** Announces a push. Never throws: the hooks of a push that git-gate does not know of refuse it, and say why. */
export async function openPush(path: string, repo: string): Promise<OpenPush> {
  const id = randomUUID();
  let isForwarding = false;
  try {
    const socket = await connectTo(path);
    socket.on('error', () => socket.destroy());
    const lines = jsonLines(socket, MAX_LINE);
    sendLine(socket, { do: 'push', repo, push: id });
    // The gate knows it before any hook can ask.
    await lines.next();
    const listen = async () => {
      for await (const line of lines) isForwarding ||= gateNotice.safeParse(line).success;
      // Without the gate, nothing goes upstream any more.
      isForwarding = false;
    };
    listen().catch(() => socket.destroy());
    const end = (traffic: PushEnd) => {
      sendLine(socket, traffic);
      socket.end();
    };
    return { id, isForwarding: () => isForwarding, end };
  } catch {
    return { id, isForwarding: () => false, end: () => {} };
  }
}
