import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nextProposalId, proposalId } from '../../../../../lib/daemons/contract/supervise/proposal-id.ts';

const instants = fc.integer({ min: 0, max: Date.UTC(2058, 0, 1) });

it('ids are short, differ, and sort in the order of their proposals, whatever the clock does', () => {
  fc.assert(
    fc.property(fc.array(instants, { minLength: 2, maxLength: 20 }), (times) => {
      const ids: string[] = [];
      for (const time of times) ids.push(nextProposalId(time, ids.at(-1)));
      expect(ids.every((id) => proposalId.safeParse(id).success)).toBe(true);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.toSorted()).toEqual(ids);
    }),
  );
});
