import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BottleDeclaration, NOTHING_DECLARED } from '../../../lib/manifest/resolve/declaration.ts';
import { effectiveBottle } from '../../../lib/manifest/resolve/effective.ts';
import { mergeBottles } from '../../../lib/manifest/resolve/merge.ts';

const place = fc.record({
  file: fc.constantFrom('/a.md', '/b.md', '/c.md'),
  line: fc.integer({ min: 1, max: 99 }),
  origin: fc.constant('home' as const),
});
const declared = <T>(value: fc.Arbitrary<T>, key: string) =>
  fc.record({ value, origins: place.map((at) => ({ [key]: at })) });
const maybe = <T>(value: fc.Arbitrary<T>, key: string) => fc.option(declared(value, key), { nil: undefined });

const VARIABLES = ['A', 'B', 'C'] as const;
const env = fc
  .tuple(
    ...VARIABLES.map((name) =>
      maybe(
        fc.string().map((value) => ({ kind: 'literal' as const, value })),
        `env.${name}`,
      ),
    ),
  )
  .map((values) =>
    Object.fromEntries(VARIABLES.flatMap((name, index) => (values[index] ? [[name, values[index]]] : []))),
  );
const hosts = fc.array(
  fc.constantFrom('a.example', 'b.example').map((host) => ({ host })),
  { maxLength: 2 },
);
const declaration: fc.Arbitrary<BottleDeclaration> = fc.record({
  env,
  envFiles: maybe(fc.array(fc.constantFrom('a', 'b'), { maxLength: 2 }), 'env_file'),
  provider: maybe(
    fc.constantFrom('claude', 'codex').map((template) => ({ template, mcpServers: {} })),
    'agent_provider',
  ),
  gitUser: fc.record({
    name: maybe(fc.constantFrom('Ann', 'Bo'), 'git-gate.user.name'),
    email: maybe(fc.constantFrom('a@example', 'b@example'), 'git-gate.user.email'),
  }),
  gitRepos: maybe(fc.constant([]), 'git-gate.repos'),
  egress: maybe(
    fc.record({ routes: hosts, log: fc.constantFrom(0 as const, 1 as const), learn: fc.boolean() }),
    'egress',
  ),
  terminal: maybe(fc.record({ clipboard: fc.boolean() }), 'terminal'),
  supervise: maybe(fc.boolean(), 'supervise'),
});
const NOBODY = NOTHING_DECLARED.gitUser;

describe('mergeBottles', () => {
  it('merging is associative', () => {
    fc.assert(
      fc.property(declaration, declaration, declaration, (a, b, c) => {
        expect(mergeBottles(mergeBottles(a, b), c)).toEqual(mergeBottles(a, mergeBottles(b, c)));
      }),
    );
  });

  it('merging with an empty bottle or with itself changes nothing', () => {
    fc.assert(
      fc.property(declaration, (a) => {
        expect(mergeBottles(a, NOTHING_DECLARED)).toEqual(a);
        expect(mergeBottles(NOTHING_DECLARED, a)).toEqual(a);
        expect(mergeBottles(a, a)).toEqual(a);
      }),
    );
  });

  it('the later bottle wins where it declares a value, and the earlier one keeps the rest', () => {
    fc.assert(
      fc.property(declaration, declaration, (base, over) => {
        const merged = mergeBottles(base, over);
        for (const key of ['provider', 'gitRepos', 'egress', 'terminal', 'supervise'] as const) {
          expect(merged[key]).toBe(over[key] === undefined ? base[key] : over[key]);
        }
        for (const name of new Set([...Object.keys(base.env), ...Object.keys(over.env)])) {
          expect(merged.env[name]).toBe(over.env[name] ?? base.env[name]);
        }
        for (const field of ['name', 'email'] as const) {
          expect(merged.gitUser[field]).toBe(over.gitUser[field] ?? base.gitUser[field]);
        }
      }),
    );
  });

  it('merging does not modify its arguments', () => {
    fc.assert(
      fc.property(declaration, declaration, (base, over) => {
        const before = structuredClone([base, over]);
        mergeBottles(base, over);
        expect([base, over]).toEqual(before);
      }),
    );
  });

  it('origins cover exactly the declared values', () => {
    fc.assert(
      fc.property(declaration, declaration, (base, over) => {
        const merged = mergeBottles(base, over);
        const { origins } = effectiveBottle(merged, NOBODY);
        expect('supervise' in origins).toBe(merged.supervise !== undefined);
        expect(origins.egress).toEqual((over.egress ?? base.egress)?.origins.egress);
        const variables = Object.keys(origins).filter((key) => key.startsWith('env.'));
        expect(variables.toSorted()).toEqual(
          Object.keys(merged.env)
            .map((name) => `env.${name}`)
            .toSorted(),
        );
      }),
    );
  });
});
