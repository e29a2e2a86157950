import { expect, it } from 'vitest';
import { bindMount } from '../../../lib/docker/bind-mount.ts';

it('a comma or a quote in a path stays a part of it', () => {
  expect(bindMount('/home/a, b/"c"', '/x', 'readonly')).toEqual([
    '--mount',
    'type=bind,"source=/home/a, b/""c""",target=/x,readonly',
  ]);
  expect(bindMount('/home/me', '/x')).toEqual(['--mount', 'type=bind,source=/home/me,target=/x']);
});
