import { beforeEach, expect, it, vi } from 'vitest';
import {
  type AllowRequest,
  editableText,
  editedRequest,
} from '../../../../lib/commands/supervise/screen/edit-request.ts';
import { BottleError } from '../../../../lib/errors.ts';
import { errorText } from '../../../../lib/terminal/error-text.ts';

beforeEach(() => vi.stubEnv('NO_COLOR', '1'));

const REQUEST: AllowRequest = {
  ...{ kind: 'allow', host: 'pypi.org', methods: ['GET'], pathPrefix: '/simple/' },
  reason: 'vim: set ft=sh:',
};

it('the text for the editor holds the route, but not what the agent says about it', async () => {
  await expect(editableText(REQUEST)).toMatchFileSnapshot('golden/editable.txt');
  expect(editedRequest(REQUEST, editableText(REQUEST))).toEqual(REQUEST);
});

it('what is edited keeps the agent’s reason', () => {
  expect(editedRequest(REQUEST, 'host: files.example\nlimit: {uses: 2}\n')).toEqual({
    ...{ kind: 'allow', host: 'files.example', limit: { uses: 2 }, reason: REQUEST.reason },
  });
});

const MISTAKES = {
  'what is no YAML': 'host: [',
  'an empty file': '',
  'a field that is none': 'host: a.test\nreason: other\n',
  'a host that is none': 'host: https://a.test/\n',
  'a field that is there twice': 'host: a.test\nhost: b.test\n',
  'aliases that grow': 'a: &a [x, x]\nhost: [*a, *a]\n',
};

it('messages about what was edited match the golden file', async () => {
  const sections = Object.entries(MISTAKES).map(([title, text]) => `## ${title}\n\n${messageFor(text)}\n`);
  await expect(sections.join('\n')).toMatchFileSnapshot('golden/edit-messages.txt');
});

function messageFor(text: string): string {
  try {
    editedRequest(REQUEST, text);
  } catch (error) {
    if (error instanceof BottleError) return errorText(error);
    throw error;
  }
  throw new Error('nothing was wrong with it');
}
