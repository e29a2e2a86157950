import { describe, expect, it } from 'vitest';
import { assertVariables, readHostVariables } from '../../../lib/host/variables.ts';

describe('host variables', () => {
  it('readHostVariables returns values by target name', () => {
    expect(readHostVariables({ EGRESS_TOKEN_0: 'GH' }, { GH: 'secret' })).toEqual({
      EGRESS_TOKEN_0: 'secret',
    });
  });

  it('assertVariables names all variables that are missing or empty', () => {
    expect(() => assertVariables(['B', 'A', 'C', 'A'], { C: 'x', B: '' })).toThrow(
      'the host variables A, B are not set',
    );
  });

  it('assertVariables never reveals values', () => {
    expect(() => assertVariables(['A', 'B'], { A: 'hunter2' })).toThrow(/^(?!.*hunter2)/);
  });
});
