import type { z } from 'zod';

export interface Description {
  readonly message: string;
  /** One imperative sentence. */
  readonly remedy: string;
}

/** Describes an issue to the author of a manifest. Never includes the value, which may be a secret. */
export function describeIssue(issue: z.core.$ZodIssue, value: unknown, key: string): Description {
  if (issue.code === 'custom') {
    return { message: issue.message, remedy: String(issue.params?.remedy ?? 'Correct the value.') };
  }
  if (value === undefined) return { message: 'is missing', remedy: `Add \`${key}: …\` here.` };
  const expected = expectationOf(issue);
  if (expected === undefined) return { message: issue.message, remedy: 'Correct the value.' };
  if (issue.code !== 'invalid_type') return { message: `must be ${expected}`, remedy: `Write ${expected}.` };
  const message = `must be ${expected}, not ${kindOf(value)}`;
  if (issue.expected !== 'string') return { message, remedy: `Write ${expected} here.` };
  const isPlain = typeof value === 'number' || typeof value === 'boolean';
  return { message, remedy: isPlain ? 'Put the value in quotes.' : 'Write a string here.' };
}

function expectationOf(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code === 'invalid_type') return WORDS[issue.expected] ?? issue.expected;
  if (issue.code === 'invalid_value') {
    return issue.values.map((choice) => `\`${String(choice)}\``).join(' or ');
  }
  if (issue.code !== 'invalid_union') return undefined;
  const choices = issue.errors.flatMap(([first]) =>
    first === undefined ? [] : (expectationOf(first) ?? []),
  );
  return choices.join(' or ');
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  boolean: '`true` or `false`',
  object: 'a map of keys and values',
  record: 'a map of keys and values',
  array: 'a list',
};

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'a string';
  return typeof value === 'object' ? 'a map' : `a ${typeof value}`;
}
