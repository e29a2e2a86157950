import { expect, it } from 'vitest';
import { sessionsOf } from '../../../lib/transcripts/sessions.ts';

const file = (path: string, modified: number) => ({ path, modified, bytes: 1 });

it('lists sessions from the newest on, each with its subagents', () => {
  const sessions = sessionsOf([
    file('-work/a.jsonl', 1),
    file('-work/a/subagents/agent-1.jsonl', 9),
    file('-work/a/tool-results/big.txt', 9),
    file('-work/b.jsonl', 5),
    file('-work/memory/notes.jsonl', 2),
    file('2026/11/29/rollout-1.jsonl', 5),
  ]);
  expect(sessions.map(({ id, parts }) => [id, parts.map(({ path }) => path)])).toEqual([
    ['rollout-1', []],
    ['b', []],
    ['notes', []],
    ['a', ['-work/a/subagents/agent-1.jsonl']],
  ]);
});
