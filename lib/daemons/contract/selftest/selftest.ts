/** The upstream that stands inside every bundle, so that a launch can prove the whole path offline. */
export const SELFTEST_HOST = 'selftest.bot-bottle.internal';

/** Environment variable of the bundle with this launch's nonce: the token of the built-in selftest route. */
export const SELFTEST_NONCE_ENV = 'BOT_BOTTLE_SELFTEST_NONCE';

/**
 * `GET https://<SELFTEST_HOST>/prove?challenge=<hex>` answers `{"proof":"<hex>"}` with
 * HMAC-SHA256(key = the token that egress injected, message = challenge): who knows the nonce can tell that
 * egress injected it, and the guest learns nothing that it could use.
 */
export const SELFTEST_PROVE_PATH = '/prove';
