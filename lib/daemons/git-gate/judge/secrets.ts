import { ContentScanner, type Finding, scanned, scanText, UnscannableBody } from '../../detection/index.ts';
import type { Check, Pending } from './check.ts';
import { contentsOf } from './contents.ts';
import { NameSearch } from './name-search.ts';
import type { NewObject } from './new-objects.ts';
import { placeOf } from './place.ts';
import { safeName } from './safe-name.ts';
import { treeNames } from './tree-names.ts';

/** Objects whose findings are told; the agent has to push again anyway. */
const MAX_OBJECTS = 20;

/** Nothing that upstream does not have yet holds a secret: files, their names, messages, people, names of refs. */
export const secrets: Check = {
  name: 'secret',
  run: async (pending) => {
    const faults = faultsOfWords(pending);
    const { maxBlobBytes } = pending.limits;
    // A larger file has been refused already.
    const objects = (await pending.objects()).filter(
      ({ type, size }) => type !== 'blob' || size <= maxBlobBytes,
    );
    const found: Found[] = [];
    const names = new NameSearch(pending.scan);
    for await (const { object, bytes } of contentsOf(objects, pending.mirror, pending.local)) {
      const what = await look(object, bytes, names, pending);
      if (what !== undefined) found.push(what);
      if (found.length === MAX_OBJECTS) break;
    }
    for (const one of found) faults.push(...(await told(one, pending)));
    if (found.length === MAX_OBJECTS) faults.push('and perhaps more: the search ended here');
    return faults;
  },
};

interface Found {
  readonly object: NewObject;
  readonly findings: readonly Finding[];
  /** Why it cannot be looked into. */
  readonly fault?: string;
}

function faultsOfWords({ commands, options, scan, exceptions }: Pending): string[] {
  const search = (texts: readonly string[], place: string) =>
    texts
      .flatMap((text) => scanText(text, scan))
      .filter((finding) => !exceptions.allows(finding))
      .map((finding) => `${finding.type} in ${place} (${exceptions.idOf(finding)})`);
  const names = search(
    commands.map(({ ref }) => ref),
    'the name of a branch or tag',
  );
  return [...new Set([...names, ...search(options, 'an option of the push')])];
}

async function look(
  object: NewObject,
  bytes: AsyncIterable<Buffer>,
  names: NameSearch,
  pending: Pending,
): Promise<Found | undefined> {
  try {
    const all =
      object.type === 'tree'
        ? names.findings(await treeNames(bytes, object))
        : await scanned(scanContent(object, bytes, pending));
    const findings = all.filter((finding) => !pending.exceptions.allows(finding));
    return findings.length === 0 ? undefined : { object, findings };
  } catch (error) {
    if (error instanceof UnscannableBody) return { object, findings: [], fault: error.message };
    throw error;
  }
}

async function scanContent(
  object: NewObject,
  bytes: AsyncIterable<Buffer>,
  { scan, memory }: Pending,
): Promise<Finding[]> {
  const scanner = new ContentScanner(scan, memory, object.size);
  try {
    const findings: Finding[] = [];
    for await (const chunk of bytes) findings.push(...(await scanner.push(chunk)));
    findings.push(...(await scanner.end()));
    return findings;
  } finally {
    scanner.close();
  }
}

async function told({ object, findings, fault }: Found, pending: Pending): Promise<string[]> {
  if (fault !== undefined) {
    return [`${safeName(object.path, pending.scan)} cannot be searched: ${fault}`];
  }
  // What is in plain sight is also found by its remains where it is encoded: the line is enough.
  const plain = findings.filter(({ inPlainSight }) => inPlainSight);
  const hidden = findings.filter(({ type }) => plain.every((other) => other.type !== type));
  const faults = new Set<string>();
  for (const finding of [...plain, ...hidden]) {
    faults.add(
      `${finding.type} in ${await placeOf(object, finding, pending)} (${pending.exceptions.idOf(finding)})`,
    );
  }
  return [...faults];
}
