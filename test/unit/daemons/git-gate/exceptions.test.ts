import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openGate } from '../../../support/git-gate/open-gate.ts';
import { makeScene, type Scene } from '../../../support/git-gate/scene.ts';

const EXAMPLE = `ghp_${'A1b2C3d4E5f6'.repeat(3)}`;
const OTHER = `ghp_${'Z9y8X7w6V5u4'.repeat(3)}`;

describe('a finding that a person lets pass', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await makeScene();
    await scene.clone();
    await scene.commit('fixture.txt', `token = "${EXAMPLE}" # gitleaks:allow\n`);
    await scene.commit('.gitleaks.toml', '[allowlist]\nregexes = [".*"]\n');
  });
  afterEach(() => scene.close());

  const allow = (content: unknown) =>
    writeFile(
      join(scene.directory, 'allowed.json'),
      typeof content === 'string' ? content : JSON.stringify(content),
    );
  const push = () => scene.git('push', 'origin', 'HEAD:refs/heads/topic');

  /** The ids that a refusal names. */
  async function refusedIds(): Promise<string[]> {
    const { code, said } = await push();
    expect(code, said).not.toBe(0);
    expect(said).toContain('let nothing pass: only a person can');
    return [...said.matchAll(/\((f-[0-9a-f]{12})\)/g)].map(([, id = '']) => id);
  }

  it('is named the same at each push, passes once it is allowed, and lets nothing else pass', async () => {
    const ids = await refusedIds();
    expect(ids).toHaveLength(1);
    expect(await refusedIds()).toEqual(ids);
    await allow({ version: 1, findings: [{ id: ids[0] }] });
    await scene.commit('more.txt', `token = "${OTHER}"\n`);
    const more = await refusedIds();
    expect(more).toHaveLength(1);
    expect(more).not.toEqual(ids);
    await allow({ version: 1, findings: [...ids, ...more].map((id) => ({ id })) });
    expect(await push()).toMatchObject({ code: 0 });
  });

  it('has the same name after a restart of the gate', async () => {
    const ids = await refusedIds();
    scene.gate?.close();
    const gate = await openGate(scene.place);
    expect(await refusedIds()).toEqual(ids);
    gate.close();
  });

  it('is refused with the name of the tool to ask with, where there is a person to ask', async () => {
    expect((await push()).said).not.toContain('git-allow');
    scene.gate?.close();
    const gate = await openGate({ ...scene.place, supervise: true });
    expect((await push()).said).toContain('the tool `git-allow` of the MCP server `supervise`');
    gate.close();
  });

  it.each([
    ['cut off', '{"version":1,"findings":[{"id":"f-0'],
    ['with a key that is not known', { version: 1, findings: [], all: true }],
    ['of another version', { version: 2, findings: [] }],
  ])('does not pass by a file that is %s', async (_, content) => {
    await allow(content);
    expect(await refusedIds()).toHaveLength(1);
  });
});
