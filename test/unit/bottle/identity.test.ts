import { readFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBottle, type NewBottle } from '../../../lib/bottle/create.ts';
import { checkColor, checkLabel } from '../../../lib/bottle/label.ts';
import { readMetadata, writeMetadata } from '../../../lib/bottle/metadata.ts';
import { isSlug, slugOfLabel } from '../../../lib/bottle/slug.ts';
import { writeFiles } from '../../support/prepare-scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const home = useTemporaryHome();

const bottle = (changes: Partial<NewBottle> = {}): NewBottle => ({
  agent: 'dev',
  bottles: [],
  cwd: '/work',
  label: '',
  color: '',
  owner: null,
  labelMustBeFree: false,
  ...changes,
});

describe('a label', () => {
  it.each([
    ['My Task', 'my-task'],
    ['Überprüfung #12', 'uberprufung-12'],
    ['3 mice', 'b3-mice'],
    ['--x--', 'x'],
    ['x'.repeat(64), 'x'.repeat(63)],
  ])('%j names the bottle %s', (label, slug) => expect(slugOfLabel(label)).toBe(slug));

  it('without a letter or digit names nothing', () => expect(slugOfLabel('🦊')).toBeUndefined());

  it('never becomes anything but a slug, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (label) => {
        const slug = slugOfLabel(label);
        return slug === undefined || isSlug(slug);
      }),
    );
  });

  it('is at most 64 bytes, and nothing that a terminal acts on', () => {
    expect(checkLabel(' My Task ')).toBe('My Task');
    expect(checkLabel('ü'.repeat(32))).toHaveLength(32);
    expect(() => checkLabel(`${'ü'.repeat(32)}x`)).toThrow('longer than 64 bytes');
    for (const bad of ['a\nb', 'a\u001b[31m', 'a\u202eb'])
      expect(() => checkLabel(bad)).toThrow('cannot be shown');
  });

  it('has one of sixteen colours', () => {
    expect(checkColor('cyanBright')).toBe('cyanBright');
    expect(() => checkColor('mauve')).toThrow("'mauve' is not a colour");
  });
});

describe('a new bottle', () => {
  it('is named for its label, and its metadata has all that bot-bottle writes', async () => {
    const slug = await createBottle(bottle({ label: 'My Task', color: 'red', bottles: ['base', 'net'] }));
    expect(slug).toBe('my-task');
    const file = path.join(home.path, 'home', 'state', slug, 'metadata.json');
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
      identity: 'my-task',
      agent_name: 'dev',
      cwd: '/work',
      copy_cwd: false,
      started_at: expect.stringMatching(/^\d{4}-.*Z$/),
      compose_project: '',
      backend: 'smolmachines',
      label: 'My Task',
      color: 'red',
      bottle_names: ['base', 'net'],
      owner: null,
    });
  });

  it('whose label is taken gets a suffix where nobody can be asked, and is refused where somebody can', async () => {
    await createBottle(bottle({ label: 'task' }));
    expect(await createBottle(bottle({ label: 'task' }))).toMatch(/^task-[a-z0-9]{5}$/);
    const refused = createBottle(bottle({ label: 'Task', labelMustBeFree: true }));
    await expect(refused).rejects.toMatchObject({ code: 'label-taken', exitCode: 2 });
  });

  it('is named for its agent when its label spells nothing', async () => {
    expect(await createBottle(bottle({ label: '🦊', labelMustBeFree: true }))).toMatch(/^dev-[a-z0-9]{5}$/);
  });
});

describe('metadata', () => {
  const file = 'home/state/old-1a2b3/metadata.json';
  const old = { identity: 'old-1a2b3', agent_name: 'dev', started_at: '2026-05-25T10:00:00+00:00' };

  it('of an older bot-bottle, without a backend, is read', async () => {
    await writeFiles(home.path, {
      [file]: JSON.stringify({ ...old, cwd: '/w', copy_cwd: true, compose_project: 'x' }),
    });
    expect(await readMetadata('old-1a2b3')).toMatchObject({
      backend: '',
      label: '',
      bottle_names: [],
      owner: null,
    });
  });

  it.each(['2026-05-25T10:00:00.123456+00:00', '2026-05-25T10:00:00Z', '2026-05-25T10:00:00.123456'])(
    'is read with a time as Python writes it: %s',
    async (started_at) => {
      await writeFiles(home.path, { [file]: JSON.stringify({ ...old, started_at }) });
      expect(await readMetadata('old-1a2b3')).toMatchObject({ started_at });
    },
  );

  it('keeps what it does not know', async () => {
    await writeFiles(home.path, { [file]: JSON.stringify({ ...old, forge: { issue: 7 } }) });
    const found = await readMetadata('old-1a2b3');
    if (found === undefined) throw new Error('was not read');
    await writeMetadata({ ...found, owner: null });
    expect(await readMetadata('old-1a2b3')).toMatchObject({ forge: { issue: 7 } });
  });

  it('that is none names the file', async () => {
    await writeFiles(home.path, { [file]: '{"identity": 1}' });
    await expect(readMetadata('old-1a2b3')).rejects.toMatchObject({ message: expect.stringContaining(file) });
  });
});
