/** Environment variable of egress: URL of the proxy that all its requests go through, e.g. `http://127.0.0.1:8888`. */
export const UPSTREAM_PROXY_ENV = 'EGRESS_UPSTREAM_PROXY';

/** Environment variable of egress: path of the PEM certificates that what comes through that proxy is verified by. */
export const UPSTREAM_CA_ENV = 'EGRESS_UPSTREAM_CA';
