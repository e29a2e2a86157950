import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { narrowed } from '../../../../lib/commands/supervise/narrow.ts';
import type { SuperviseRequest } from '../../../../lib/daemons/contract/supervise/request.ts';
import { useTemporaryHome } from '../../../support/temporary-home.ts';

const ASKED = { kind: 'allow', host: 'pypi.org', reason: 'To install requests.' } as const;
const none = { methods: undefined, below: undefined, edit: false };

describe('what a person allows instead', () => {
  const home = useTemporaryHome();

  /** Has the route edited by a shell script, whose first argument is the file. */
  async function edited(script: string, request: SuperviseRequest = ASKED) {
    const editor = join(home.path, 'editor');
    await writeFile(editor, `#!/bin/sh\n${script}\n`);
    await chmod(editor, 0o755);
    vi.stubEnv('VISUAL', editor);
    return narrowed(request, { ...none, edit: true });
  }

  it('is what was asked, without flags', async () => {
    expect(await narrowed(ASKED, none)).toBe(ASKED);
  });

  it('has other methods and a path', async () => {
    const flags = { ...none, methods: 'GET, HEAD', below: '/simple/' };
    expect(await narrowed(ASKED, flags)).toEqual({
      ...ASKED,
      methods: ['GET', 'HEAD'],
      pathPrefix: '/simple/',
    });
  });

  it('is edited, and the agent’s reason stays', async () => {
    const added = 'printf "port: 443\\nlimit: {uses: 1}\\n" >> "$1"';
    expect(await edited(added)).toEqual({ ...ASKED, port: 443, limit: { uses: 1 } });
  });

  it('is lines for an image, edited with enough around them that no editor takes them for settings', async () => {
    const lines = { kind: 'capability', dockerfile: 'RUN a # vim: set\nRUN b', reason: 'x' } as const;
    const script = `[ "$(grep -n vim: "$1" | cut -d: -f1)" -gt 5 ] && [ "$(tail -n 5 "$1" | grep -c RUN)" = 0 ] || exit 1
sed -i '/^RUN b/d' "$1"`;
    expect(await edited(script, lines)).toEqual({ ...lines, dockerfile: 'RUN a # vim: set' });
    await expect(edited('echo "COPY . /x" >> "$1"', lines)).rejects.toMatchObject({ code: 'usage' });
  });

  it.each([
    ['no YAML', 'echo "{" > "$1"'],
    ['another key', 'echo "hosts: x" >> "$1"'],
    ['no host', 'echo "port: 443" > "$1"'],
    ['a path that can be read in two ways', 'echo "pathPrefix: /a/../b" >> "$1"'],
  ])('is refused when it is %s', async (_what, script) => {
    await expect(edited(script)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/^this is no route/),
    });
  });
});
