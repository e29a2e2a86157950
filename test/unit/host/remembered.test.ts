import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { remembered } from '../../../lib/host/remembered.ts';

let directory: string;
let computed: number;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bk-'));
  computed = 0;
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const source = () => join(directory, 'source');
const memory = () => join(directory, 'memory.json');

/** The value is what the source holds. */
const value = (path = memory()) =>
  remembered(path, async () => {
    computed += 1;
    return { value: readFileSync(source(), 'utf8'), inputs: [source(), join(directory, 'other')] };
  });

async function givenSource(): Promise<void> {
  writeFileSync(source(), 'one');
  // A source that is as new as the value is not trusted.
  await sleep(50);
  expect(await value()).toBe('one');
}

it('is computed once while nothing changes', async () => {
  await givenSource();
  expect(await value()).toBe('one');
  expect(computed).toBe(1);
});

it('is computed again after a change of the same size and time', async () => {
  await givenSource();
  const { atime, mtime } = statSync(source());
  writeFileSync(source(), 'two');
  utimesSync(source(), atime, mtime);
  expect(await value()).toBe('two');
});

it('is computed again when a file appears that was missing', async () => {
  await givenSource();
  writeFileSync(join(directory, 'other'), '');
  await value();
  expect(computed).toBe(2);
});

it('is not remembered when a source changed while it was computed', async () => {
  writeFileSync(source(), 'one');
  expect(await value()).toBe('one');
  expect(await value()).toBe('one');
  expect(computed).toBe(2);
});

it('does without its memory when that is damaged or cannot be written', async () => {
  await givenSource();
  writeFileSync(memory(), '{"value": 1}');
  expect(await value()).toBe('one');
  expect(await value(join(source(), 'below', 'a', 'file'))).toBe('one');
});
