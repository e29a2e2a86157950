import { canonicalTarget } from '../../contract/egress/canonical-path.ts';
import { type Finding, PacedScanner, type ScanOptions } from '../../detection/index.ts';
import { headerOf } from '../../shared/raw-headers.ts';
import type { RequestContent } from '../http/exchange.ts';
import type { Admission } from '../policy/verdict.ts';
import type { ApprovedRequest } from './approved-request.ts';
import { cutOut } from './cut-out.ts';
import type { HeldBody } from './held-body.ts';
import { scanHead, UNSENT } from './outbound-head.ts';

/** The request with every finding cut out, or `undefined` where one cannot be, or something is left. */
export async function redacted(
  request: RequestContent,
  admission: Admission,
  body: HeldBody,
  findings: readonly Finding[],
  options: ScanOptions,
): Promise<ApprovedRequest | undefined> {
  const encoded = (headerOf(request.rawHeaders, 'content-encoding') ?? 'identity') !== 'identity';
  if (!body.whole || encoded || findings.some(({ inPlainSight }) => !inPlainSight)) return undefined;
  const cut = (text: string) => cutOut(text, options);
  const target = canonicalTarget(cut(`${admission.path}${admission.query}`));
  if ('fault' in target) return undefined;
  const content = Buffer.from(cut(Buffer.concat(body.chunks).toString('latin1')), 'latin1');
  const rawHeaders = request.rawHeaders.map((text, index) => {
    if (index % 2 === 0) return text;
    const name = request.rawHeaders[index - 1]?.toLowerCase() ?? '';
    if (name === 'content-length') return String(content.length);
    return UNSENT.has(name) || name === 'authorization' ? text : cut(text);
  });
  const { path, query } = target;
  const left = [
    ...scanHead(path, query, rawHeaders, admission.rule.auth !== undefined, options),
    ...(await scanWhole(content, options)),
  ];
  if (left.length > 0) return undefined;
  // What is put in a secret's place makes another path, which the route need not let out.
  const { matches } = admission.rule;
  if (matches !== undefined && !matches({ method: request.method, path, rawHeaders })) return undefined;
  const types = [...new Set(findings.map(({ type }) => type))];
  return { approved: true, path, query, rawHeaders, body: content, types };
}

/** As it was scanned before: the bounds on what is decoded are those of a window. */
async function scanWhole(content: Buffer, options: ScanOptions): Promise<Finding[]> {
  const scanner = new PacedScanner(options, content.length);
  try {
    return [...(await scanner.push(content)), ...(await scanner.end())];
  } finally {
    scanner.close();
  }
}
