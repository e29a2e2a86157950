import { describe, expect, it } from 'vitest';
import { assertVariables, readHostVariables } from '../../../lib/host/variables.ts';

describe('values of the operator’s environment', () => {
  it('are read by target name', () => {
    expect(readHostVariables({ EGRESS_TOKEN_0: 'GH' }, { GH: 'secret' })).toEqual({
      EGRESS_TOKEN_0: 'secret',
    });
  });

  it('are named, all of them, when they are missing or empty', () => {
    expect(() => assertVariables(['B', 'A', 'C', 'A'], { C: 'x', B: '' })).toThrow(
      'the host variables A, B are not set',
    );
  });

  it('are never part of a message', () => {
    expect(() => assertVariables(['A', 'B'], { A: 'hunter2' })).toThrow(/^(?!.*hunter2)/);
  });
});
