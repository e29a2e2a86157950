import { canonicalTarget } from '../../contract/egress/canonical-path.ts';
import { cutOut, type Finding, PacedScanner, type ScanOptions } from '../../detection/index.ts';
import { headerOf } from '../../shared/raw-headers.ts';
import type { RequestContent } from '../http/exchange.ts';
import { credentialPlaceOf } from '../policy/tokens.ts';
import type { Admission } from '../policy/verdict.ts';
import type { ApprovedRequest } from './approved-request.ts';
import type { HeldBody } from './held-body.ts';
import { isReplaced, scanHead, UNSENT } from './outbound-head.ts';

/** Cuts every finding out of the request. `undefined` if one cannot be cut out, or something remains. */
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
    return UNSENT.has(name) || isReplaced(name, credentialPlaceOf(admission.rule)) ? text : cut(text);
  });
  const { path, query } = target;
  const remaining = [
    ...scanHead(path, query, rawHeaders, credentialPlaceOf(admission.rule), options),
    ...(await scanWhole(content, options)),
  ];
  if (remaining.length > 0) return undefined;
  // The replacement text makes another path, which the route may not admit.
  const { matches } = admission.rule;
  if (matches !== undefined && !matches({ method: request.method, path, rawHeaders })) return undefined;
  const types = [...new Set(findings.map(({ type }) => type))];
  return { approved: true, path, query, rawHeaders, body: content, types };
}

/** Scans in windows as before, so that the same limits on decoding apply. */
async function scanWhole(content: Buffer, options: ScanOptions): Promise<Finding[]> {
  const scanner = new PacedScanner(options, content.length);
  try {
    return [...(await scanner.push(content)), ...(await scanner.end())];
  } finally {
    scanner.close();
  }
}
