import { describe, expect, it } from 'vitest';
import { knownSecretFinder, scanText } from '../../../../lib/daemons/detection/index.ts';

const OWN = 'your-example-token-1234567890';
const typesOf = (text: string, passesLowRisk: boolean) => [
  ...new Set(
    scanText(text, {
      detectors: new Set(['token_patterns', 'known_secrets'] as const),
      exhaustive: true,
      passesLowRisk,
      findKnown: knownSecretFinder([OWN]),
    }).map(({ type }) => type),
  ),
];
const token = (payload: object) =>
  `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c`;

describe('what is of low risk', () => {
  it.each([
    ['aws-access-key', 'AKIAIOSFODNN7EXAMPLE'],
    ['aws-secret-key', 'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'],
    ['jwt', token({ sub: '1234567890', name: 'John Doe', iat: 1516239022 })],
    ['github-token', `ghp_${'x'.repeat(36)}`],
    ['github-token', 'ghp_1234567890abcdefghijklmnopqrstuvwxyzAB'],
    ['gitlab-token', 'glpat-XXXXXXXXXXXXXXXXXXXX'],
    ['openai-key', `sk-${'x'.repeat(48)}`],
    ['anthropic-key', 'sk-ant-your-api-key-goes-here-please'],
    ['slack-webhook', 'hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX'],
    ['twilio-key', `AC${'a'.repeat(32)}`],
    ['stripe-key', 'sk_test_4eC39HqLyjWDarjtT1zdp7dc'],
    ['url-password', 'postgres://user:password@localhost/db'],
    ['url-password', 'redis://:devpassword@localhost:6379'],
    ['url-password', 'http://user:password@proxy:8080'],
    ['url-password', 'postgres://app:x9K2mQ7v@db:5432/app'],
    ['payment-card', '4111 1111 1111 1111'],
    ['iban', 'DE89370400440532013000'],
    ['us-social-security', '555-12-3456'],
    ['ethereum-address', '0xdAC17F958D2ee523a2206206994597C13D831ec7'],
    ['bitcoin-address', '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa'],
  ])('a sample of %s passes where low risk does, and only there: %s', (type, text) => {
    expect(typesOf(`see ${text} there`, false)).toContain(type);
    expect(typesOf(`see ${text} there`, true)).toEqual([]);
  });

  it.each([
    ['aws-access-key', 'AKIAQ7XKPM2WZL9RTVBN'],
    ['aws-secret-key', 'aws_secret_example_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYzQm4Tv8sLe'],
    ['jwt', token({ sub: '81723', name: 'Ada', exp: 1716239022 })],
    ['github-token', 'ghp_aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5'],
    ['anthropic-key', 'sk-ant-api03-Q7x2Lm9VbTz4RkWc8NpYs1HdGf6Je3Ua'],
    ['stripe-key', 'sk_live_4eC39HqLyjWDarjtT1zdp7dc'],
    ['twilio-key', 'SK1f0e9d8c7b6a5948372615049382716f'],
    ['url-password', 'postgres://app:x9K2mQ7v@db.prod.company.com/app'],
    ['private-key', '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF'],
  ])('a real %s is found all the same: %s', (type, text) => {
    expect(typesOf(`see ${text} there`, true)).toContain(type);
  });

  it('the bottle’s own secrets are found even if they read like samples', () => {
    expect(typesOf(`token=${OWN}`, true)).toEqual(['known-secret']);
  });
});
