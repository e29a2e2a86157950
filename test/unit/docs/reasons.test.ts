import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  CLOSING_REASONS,
  DENIAL_STATUS,
  FAILURE_REASONS,
  INTROSPECTION_REASON,
  WEB_SOCKET_REASONS,
} from '../../../lib/daemons/egress/http/reasons.ts';

const PAGE = join(import.meta.dirname, '../../../docs/egress.md');
const HEADING = '## Reason codes';

interface Row {
  readonly code: string;
  /** As the page has it, such as `403` or `499, or as sent`. */
  readonly status: string;
}

/** The rows of the only table under the heading. @throws Error for a row whose first cell is not a code in backticks. */
function rowsOf(markdown: string): Row[] {
  const [, section = ''] = markdown.split(`\n${HEADING}\n`);
  const [body = ''] = section.split('\n## ');
  const [, , ...lines] = body.split('\n').filter((line) => line.startsWith('|'));
  return lines.map((line) => {
    const [, first = '', status = ''] = line.split('|').map((cell) => cell.trim());
    const code = /^`([a-z0-9-]+)`$/.exec(first)?.[1];
    if (code === undefined) throw new Error(`not a row of a reason code: ${line}`);
    return { code, status };
  });
}

const rows = rowsOf(readFileSync(PAGE, 'utf8'));
const documented = rows.map(({ code }) => code);
const known = new Set<string>([
  ...Object.keys(DENIAL_STATUS),
  ...FAILURE_REASONS,
  ...WEB_SOCKET_REASONS,
  ...CLOSING_REASONS,
  INTROSPECTION_REASON,
]);

it('documents every reason code', () => {
  expect([...known].filter((code) => !documented.includes(code))).toEqual([]);
});

it('documents no other code, and none twice', () => {
  expect(documented.filter((code) => !known.has(code))).toEqual([]);
  expect(documented.filter((code, index) => documented.indexOf(code) !== index)).toEqual([]);
});

it('gives the HTTP status of each denial', () => {
  const statusOf = Object.fromEntries(rows.map(({ code, status }) => [code, status]));
  const expected = Object.entries(DENIAL_STATUS).map(([code, status]) => [code, String(status)]);
  expect(expected.map(([code = '']) => [code, statusOf[code]])).toEqual(expected);
});
