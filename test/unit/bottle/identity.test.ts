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
  envFile: '',
  label: '',
  color: '',
  owner: null,
  labelMustBeFree: false,
  ...changes,
});

describe('bottle labels', () => {
  it.each([
    ['My Task', 'my-task'],
    ['Überprüfung #12', 'uberprufung-12'],
    ['3 mice', 'b3-mice'],
    ['--x--', 'x'],
    ['x'.repeat(64), 'x'.repeat(63)],
  ])('the label %j names the bottle %s', (label, slug) => expect(slugOfLabel(label)).toBe(slug));

  it('a label without letters and digits has no slug', () => expect(slugOfLabel('🦊')).toBeUndefined());

  it('a label’s slug is always valid or undefined', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (label) => {
        const slug = slugOfLabel(label);
        return slug === undefined || isSlug(slug);
      }),
    );
  });

  it('a label is at most 64 bytes and contains no control characters', () => {
    expect(checkLabel(' My Task ')).toBe('My Task');
    expect(checkLabel('ü'.repeat(32))).toHaveLength(32);
    expect(() => checkLabel(`${'ü'.repeat(32)}x`)).toThrow('longer than 64 bytes');
    for (const bad of ['a\nb', 'a\u001b[31m', 'a\u202eb'])
      expect(() => checkLabel(bad)).toThrow('cannot be displayed');
  });

  it('a label’s color is one of 16', () => {
    expect(checkColor('cyanBright')).toBe('cyanBright');
    expect(() => checkColor('mauve')).toThrow("'mauve' is not a color");
  });
});

describe('createBottle', () => {
  it('a new bottle is named after its label and has all metadata fields of bot-bottle', async () => {
    const slug = await createBottle(
      bottle({ label: 'My Task', color: 'red', bottles: ['base', 'net'], envFile: '/work/.env' }),
    );
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
      env_file: '/work/.env',
      owner: null,
    });
  });

  it('a taken label gets a suffix, or is refused when it must be free', async () => {
    await createBottle(bottle({ label: 'task' }));
    expect(await createBottle(bottle({ label: 'task' }))).toMatch(/^task-[a-z0-9]{5}$/);
    const refused = createBottle(bottle({ label: 'Task', labelMustBeFree: true }));
    await expect(refused).rejects.toMatchObject({ code: 'label-taken', exitCode: 2 });
  });

  it('a bottle is named after its agent when its label has no slug', async () => {
    expect(await createBottle(bottle({ label: '🦊', labelMustBeFree: true }))).toMatch(/^dev-[a-z0-9]{5}$/);
  });
});

describe('bottle metadata', () => {
  const file = 'home/state/old-1a2b3/metadata.json';
  const old = { identity: 'old-1a2b3', agent_name: 'dev', started_at: '2026-05-25T10:00:00+00:00' };

  it('metadata of an older bot-bottle, without a backend, is read', async () => {
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
    'metadata with a time as Python writes it is read: %s',
    async (started_at) => {
      await writeFiles(home.path, { [file]: JSON.stringify({ ...old, started_at }) });
      expect(await readMetadata('old-1a2b3')).toMatchObject({ started_at });
    },
  );

  it('unknown fields of metadata are preserved', async () => {
    await writeFiles(home.path, { [file]: JSON.stringify({ ...old, forge: { issue: 7 } }) });
    const found = await readMetadata('old-1a2b3');
    if (found === undefined) throw new Error('was not read');
    await writeMetadata({ ...found, owner: null });
    expect(await readMetadata('old-1a2b3')).toMatchObject({ forge: { issue: 7 } });
  });

  it('the error about invalid metadata names the file', async () => {
    await writeFiles(home.path, { [file]: '{"identity": 1}' });
    await expect(readMetadata('old-1a2b3')).rejects.toMatchObject({ message: expect.stringContaining(file) });
  });
});
