import { expect, it } from 'vitest';
import { buildkitFeature } from '../../../lib/docker/buildkit-feature.ts';

it.each([
  [
    'the --mount option requires BuildKit. Refer to https://…',
    'RUN --mount=type=cache,target=/x true',
    '--mount',
  ],
  ['the --chmod option requires BuildKit.', 'COPY --chmod=755 a /b', '--chmod'],
  ['dockerfile parse error line 2: Unknown flag: link', 'COPY --link a /b', '--link'],
  ['dockerfile parse error line 3: unknown instruction: ECHO', 'RUN <<EOF\necho hi\nEOF', 'a here-document'],
  ['dockerfile parse error line 3: unknown instruction: HI', "COPY <<-'EOF' /x\nhi\nEOF", 'a here-document'],
])('`%s` is explained by what only BuildKit knows', (said, dockerfile, feature) => {
  expect(buildkitFeature(said, dockerfile)).toBe(feature);
});

it.each([
  ['dockerfile parse error line 1: unknown instruction: FORM', 'FORM node'],
  ["The command '/bin/sh -c false' returned a non-zero code: 1", 'RUN cat <<EOF > /x'],
])('`%s` stays what it is', (said, dockerfile) => {
  expect(buildkitFeature(said, dockerfile)).toBeUndefined();
});
