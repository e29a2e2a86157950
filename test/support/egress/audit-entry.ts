import type { AuditEntry } from '../../../lib/daemons/contract/egress/audit.ts';

/** Audit entry of an allowed request, apart from `changes`. */
export const auditedRequest = (changes: Partial<AuditEntry> = {}): AuditEntry => ({
  time: '2026-01-01T00:00:00.000Z',
  bottle: 'demo-a1b2c',
  verdict: 'allow',
  reason: null,
  rule: 'a.example',
  protocol: 'http/1.1',
  scheme: 'https',
  method: 'GET',
  host: 'a.example',
  port: 443,
  path: '/x',
  status: 200,
  sent: 0,
  received: 12,
  ms: 34,
  generation: 1,
  ...changes,
});
