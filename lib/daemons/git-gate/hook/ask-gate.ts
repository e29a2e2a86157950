import {
  GATE_PUSH_ENV,
  GATE_SOCKET_ENV,
  type GateReply,
  gateReply,
  gateRequest,
  MAX_LINE,
  type RefCommand,
} from '../../contract/git-gate/control.ts';
import { askOnce } from '../../shared/json-lines.ts';

/** Asks git-gate for this push. Never throws: a gate that does not answer has refused. */
export async function askGate(request: Record<string, unknown>): Promise<GateReply> {
  const { [GATE_SOCKET_ENV]: socket = '', [GATE_PUSH_ENV]: push = '' } = process.env;
  const asked = gateRequest.safeParse({ ...request, push });
  if (!asked.success) return { ok: false, text: `git gate: ${asked.error.issues[0]?.message}` };
  try {
    return gateReply.parse(await askOnce(socket, asked.data, MAX_LINE));
  } catch {
    const fate =
      request.do === 'forward' ? 'fetch to see whether upstream took it' : 'push again in a moment';
    return { ok: false, text: `git gate: it does not answer; ${fate}` };
  }
}

/** Reads `old new ref`. @throws Error when it is not that */
export function readCommand(line: string): RefCommand {
  const [old = '', id = '', ...ref] = line.split(' ');
  if (ref.length === 0) throw new Error('git sent no command');
  return { ref: ref.join(' '), old, new: id };
}

/** Shows the text at the other end, each line as `remote: …`. */
export function tell(text: string): void {
  if (text !== '') process.stderr.write(`${text}\n`);
}
