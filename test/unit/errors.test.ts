import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

const KIT = join(import.meta.dirname, '..', '..');
/** Sources with messages about mistakes that users can make. */
const SOURCES = [
  ...['lib/manifest', 'lib/prepare', 'lib/providers', 'lib/host/variables.ts'],
  ...['lib/forge', 'lib/deploy-keys', 'lib/phases/teardown.ts'],
  ...['lib/bottle/label.ts', 'lib/bottle/create.ts', 'lib/bottle/slug.ts'],
  ...['lib/commands/init/init.ts', 'lib/commands/edit', 'lib/commands/list/require-agent.ts'],
  ...['lib/supervise', 'lib/commands/supervise', 'lib/commands/capabilities'],
];
/** Functions that create errors -> which of their arguments are messages. */
const READ_ARGUMENTS: Readonly<Record<string, readonly number[]>> = {
  BottleError: [1],
  failed: [0, 1],
  fail: [1, 2],
  problemAt: [1, 2],
  refuse: [1, 2],
  refused: [0],
  invalid: [1, 2],
  moved: [1],
  unusable: [1, 2],
};
/** Messages that no manifest can cause; they are a second line of defense. */
const OUT_OF_REACH = [
  'has frontmatter that cannot be read as YAML (',
  'Simplify the frontmatter.',
  'preflight found no problem but did not resolve everything',
];

function filesBelow(path: string, ending: string): string[] {
  if (path.endsWith(ending)) return [path];
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith(ending)).map((name) => join(path, name));
}

/** Returns the literal parts of the strings in a node, without interpolated values. */
function writtenTexts(node: ts.Node): string[] {
  const isPart = ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node);
  const own = isPart || ts.isStringLiteralLike(node) ? node.text.split('\n').map((line) => line.trim()) : [];
  const below: string[] = [];
  node.forEachChild((child) => void below.push(...writtenTexts(child)));
  return [...own, ...below];
}

function messagesOf(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      for (const index of READ_ARGUMENTS[node.expression.getText(source)] ?? []) {
        const argument = node.arguments?.[index];
        if (argument !== undefined) found.push(...writtenTexts(argument));
      }
    }
    node.forEachChild(visit);
  };
  visit(source);
  // Shorter ones are only words between values.
  return found.filter((text) => text.replaceAll(/[^a-z]/gi, '').length >= 6);
}

it('every message about manifests, providers and preflight appears in a golden file', () => {
  const golden = filesBelow(join(KIT, 'test/unit'), '.txt').filter((path) => path.includes('/golden/'));
  const approved = golden.map((path) => readFileSync(path, 'utf8')).join('\n');
  const files = SOURCES.flatMap((path) => filesBelow(join(KIT, path), '.ts'));
  const messages = files.flatMap((file) =>
    messagesOf(file).map((text) => ({ file: relative(KIT, file), text })),
  );
  expect(messages.length).toBeGreaterThan(100);
  const unseen = messages.filter(({ text }) => !approved.includes(text) && !OUT_OF_REACH.includes(text));
  expect(unseen).toEqual([]);
});
