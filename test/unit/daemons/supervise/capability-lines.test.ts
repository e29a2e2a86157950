import { describe, expect, it } from 'vitest';
import { capabilityFault } from '../../../../lib/daemons/contract/supervise/capability-lines.ts';

describe('lines for an image', () => {
  it.each([
    ['one instruction', 'RUN apt-get install -y jq'],
    ['several, in any case, with comments between', '# A tool.\nrun a\n\n  ENV A=b C=d\nENV E f'],
    ['one on several lines', 'RUN apt-get update && \\\n    apt-get install -y \\\n\tjq && true'],
    ['options of the program', 'RUN npm install --global --prefix /x y'],
    ['a list of words', 'RUN ["npm", "ci"]'],
  ])('can be %s', (_what, text) => {
    expect(capabilityFault(text)).toBeUndefined();
  });

  it.each([
    ['nothing', ' \n\n# only a comment', 'there is no instruction'],
    ['another base', 'RUN true\nFROM evil', 'line 2: only RUN and ENV are allowed, not FROM'],
    ['a file of the host', 'COPY . /x', 'line 1: only RUN and ENV are allowed, not COPY'],
    ['a download', 'ADD https://a.test/x /x', 'line 1: only RUN and ENV are allowed, not ADD'],
    ['another user', 'USER root', 'line 1: only RUN and ENV are allowed, not USER'],
    ['another command', 'ENTRYPOINT ["x"]', 'line 1: only RUN and ENV are allowed, not ENTRYPOINT'],
    ['a label', 'LABEL bot-bottle.agent={}', 'line 1: only RUN and ENV are allowed, not LABEL'],
    ['something for later', 'ONBUILD RUN x', 'line 1: only RUN and ENV are allowed, not ONBUILD'],
    ['a mount', 'RUN --mount=type=bind,target=/x ls', 'line 1: RUN has an option such as --mount'],
    ['the host’s network', 'run\t--network=host x', 'line 1: RUN has an option such as --mount'],
    ['a mount on the next line', 'RUN \\\n  --mount=type=ssh x', 'line 1: RUN has an option such as --mount'],
    ['a mount in two halves', 'RUN -\\\n-mount=type=ssh x', 'line 1: RUN has an option such as --mount'],
    ['a here-document', 'RUN <<EOF\nCOPY . /\nEOF', 'line 1: RUN has a here-document'],
    ['one in two halves', 'RUN cat <\\\n<EOF\nFROM x', 'line 1: RUN has a here-document'],
    [
      'an instruction in two halves',
      'RUN true\nCO\\\nPY . /',
      'line 2: only RUN and ENV are allowed, not COPY',
    ],
    ['an instruction of glued halves', 'RU\\\nNx y', 'line 1: only RUN and ENV are allowed, not RUNx'],
    ['an end that is open', 'RUN a \\', 'the last line ends with a backslash'],
    [
      'an end that is read in two ways',
      'RUN a \\\\\nCOPY . /',
      'line 1 ends with two backslashes, which builders read differently',
    ],
    [
      'a gap that is read in two ways',
      'RUN a \\\n\nCOPY . /',
      'line 2 is empty or a comment inside of an instruction',
    ],
    ['a hidden line end', 'RUN a\rCOPY . /', 'line 1 has a character that cannot be seen'],
    ['text in another order', 'RUN a \u202e b', 'line 1 has a character that cannot be seen'],
    ['another space', 'RUN a\u2028COPY . /', 'line 1 has a character that cannot be seen'],
    ['too many lines', 'RUN true\n'.repeat(101), 'there are more than 100 lines'],
  ])('cannot be %s', (_what, text, fault) => {
    expect(capabilityFault(text)).toBe(fault);
  });
});
