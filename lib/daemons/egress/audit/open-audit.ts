import { AUDITS } from '../../contract/audit-files.ts';
import type { AuditLevel } from '../../contract/egress/audit.ts';
import type { KnownSecretFinder } from '../../detection/index.ts';
import { openAuditFiles } from '../../shared/audit-writer.ts';
import { AuditLog } from './audit-log.ts';
import { LearnedStore } from './learned-store.ts';
import { Withholder } from './withhold.ts';

/** What the audit needs to know about the policy in force. */
export interface AuditedPolicy {
  readonly policy: () => { readonly log: AuditLevel; readonly learn: boolean };
  readonly generation: () => number;
}

export interface AuditOptions {
  /** Directory of the audit files; `-` for lines on standard output, with nothing learned. */
  readonly directory: string;
  /** `null` where egress runs alone. */
  readonly bottle: string | null;
  /** Finds values of token slots. None of them is ever logged. */
  readonly findKnown: KnownSecretFinder;
  readonly policy: AuditedPolicy;
  /** Prints one line for the operator. */
  readonly say: (line: string) => void;
}

export interface OpenAudit {
  readonly log: AuditLog;
  /** Writes pending lines. Never throws. */
  close(): Promise<void>;
}

/** @throws Error when the directory cannot be written. */
export async function openAudit(options: AuditOptions): Promise<OpenAudit> {
  const { directory, bottle, findKnown, policy } = options;
  const common = {
    bottle,
    generation: policy.generation,
    level: () => policy.policy().log,
    withholder: new Withholder(findKnown),
  };
  const say = (text: string) => options.say(`audit: ${text}`);
  if (directory === '-') {
    // The reader may be gone. As with a full disk, egress keeps serving.
    process.stdout.once('error', (error) => say(`cannot write to standard output: ${error.message}`));
    process.stdout.on('error', () => {});
    const write = (line: string) => void process.stdout.write(`${line}\n`);
    return { log: new AuditLog({ ...common, write }), close: async () => {} };
  }
  const files = await openAuditFiles({ directory, files: AUDITS.egress, bottle, say: options.say });
  const learned = await LearnedStore.open(directory, say);
  const log = new AuditLog({
    ...common,
    write: (line) => files.append(line),
    learn: (entry) => {
      if (policy.policy().learn) learned.note(entry);
    },
  });
  return { log, close: async () => void (await Promise.all([files.close(), learned.close()])) };
}
