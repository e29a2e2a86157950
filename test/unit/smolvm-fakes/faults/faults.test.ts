import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../../smolvm-fakes/src/errors.ts';
import { parseFaults } from '../../../../smolvm-fakes/src/faults/parse.ts';

describe('SMOLVM_FAKE_FAULTS', () => {
  it('parseFaults returns no faults for an empty value', () => {
    expect(parseFaults('')).toMatchObject({
      race: 0,
      killed: 0,
      losesExit: false,
      dbBusy: 0,
      diskFull: false,
    });
    expect(parseFaults('').vmDeath).toBeUndefined();
    expect([...parseFaults('').fail, ...parseFaults('').hang, ...parseFaults('').die]).toEqual([]);
  });

  it('parseFaults reads several faults, with times in the notation of smolvm', () => {
    const faults = parseFaults(
      'exec:race=3,exec:killed=2,start:slow=2s,create:fail,start:die,vm:death=5s,exec:hang,exec:lose-exit,db:busy=20s,disk:full',
    );
    expect(faults).toMatchObject({
      race: 3,
      killed: 2,
      losesExit: true,
      vmDeath: 5_000,
      dbBusy: 20_000,
      diskFull: true,
    });
    expect(faults.slow.get('start')).toBe(2_000);
    expect([[...faults.fail], [...faults.hang], [...faults.die]]).toEqual([['create'], ['exec'], ['start']]);
  });

  it.each([
    'exec',
    'exec:',
    'exec:rase=3',
    'exec:race',
    'exec:race=0',
    'exec:race=x',
    'exec:race=3=4',
    'create:fail=1',
    'create:fail,create:fail',
    'start:slow',
    'start:slow=2',
    'ls:die',
    'machine:fail',
    'disk:full,',
    ' disk:full',
    'DISK:FULL',
  ])('parseFaults refuses %j as a usage error', (text) => {
    expect(() => parseFaults(text)).toThrow(UsageError);
  });
});
