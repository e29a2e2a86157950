import * as z from 'zod';

/** The files of one daemon's audit: `NAME.NNNNNN.jsonl`, an entry or a gap a line, in ASCII. The newest has the highest number. */
export interface AuditFiles {
  nameOf(number: number): string;
  /** `undefined` for a file that is none of these. */
  numberOf(name: string): number | undefined;
}

function filesNamed(name: string): AuditFiles {
  const pattern = new RegExp(`^${name}\\.([0-9]{6,15})\\.jsonl$`);
  return {
    nameOf: (number) => `${name}.${String(number).padStart(6, '0')}.jsonl`,
    numberOf: (file) => {
      const digits = pattern.exec(file)?.[1];
      return digits === undefined ? undefined : Number(digits);
    },
  };
}

/** The audits in `CONTAINER_PATHS.audit`, each with the daemon that writes it. */
export const AUDITS = { egress: filesNamed('audit'), 'git-gate': filesNamed('git') } as const;

/** The audit of proposals and decisions, which the host writes for all bottles, and keeps when they are gone. */
export const SUPERVISE_AUDIT = filesNamed('supervise');

/** When a file is full the next one is begun, and the oldest goes. */
export const AUDIT_FILE_LIMITS = { maxBytes: 8 * 1024 * 1024, maxFiles: 8 } as const;

/** Stands in the place of lines that could not be written, such as while the disk was full. */
export const auditGap = z.strictObject({
  time: z.iso.datetime(),
  bottle: z.string().max(64).nullable(),
  lost: z.number().int().nonnegative(),
});
export type AuditGap = z.infer<typeof auditGap>;
