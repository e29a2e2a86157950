import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Sandbox, useSandboxes } from '../support/kit.ts';
import { scriptOnTerminal } from '../support/script-on-terminal.ts';

const sandbox = useSandboxes();

describe('edit', () => {
  async function withEditor(user: Sandbox, script: string): Promise<string> {
    await mkdir(user.root, { recursive: true });
    const editor = join(user.root, 'editor');
    await writeFile(editor, `#!/bin/sh\n${script}\n`);
    await chmod(editor, 0o755);
    return editor;
  }

  it('edit opens the agent’s file in EDITOR and reports that it is valid', async () => {
    const user = sandbox();
    await user.writeAgent('dev', ['true']);
    const EDITOR = await withEditor(user, 'echo "And be brief." >> "$1"');
    const { exitCode, stderr } = await user.run('edit', ['--agent', 'dev'], { EDITOR });
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain('is valid');
    expect(await readFile(join(user.home, 'agents', 'dev.md'), 'utf8')).toMatch(/And be brief\.\n$/);
  });

  it('edit shows problems afterward, and offers to edit again', async () => {
    const user = sandbox();
    await user.writeAgent('dev', ['true']);
    // The first run breaks the file, the second one repairs it.
    const EDITOR = await withEditor(
      user,
      'if grep -q botle "$1"; then sed -i s/botle/bottle/ "$1"; else sed -i s/bottle/botle/ "$1"; fi',
    );
    const headless = await user.run('edit', ['--agent', 'dev'], { EDITOR });
    expect(headless.exitCode).toBe(65);
    expect(headless.stderr).toMatch(/unknown key `botle`; did you mean `bottle`/);
    await user.run('edit', ['--agent', 'dev'], { EDITOR });
    const { exitCode, shown } = await scriptOnTerminal(
      user,
      ['edit', '--agent', 'dev'],
      [['Edit it again? [Y/n]', '\r']],
      { EDITOR },
    );
    expect(shown).toMatch(/unknown key `botle`[\s\S]*is valid/);
    expect(exitCode).toBe(0);
  });
});
