/** Facts about a CONNECT. */
export interface ConnectFacts {
  readonly kind: 'connect';
  /** Request target as sent, `host:port`. */
  readonly target: string;
  /** Every `Host` header as sent, in order; absent for none. */
  readonly hostHeaders?: readonly string[];
}

/** Facts about a request in plain HTTP (`plain`) or inside a TLS tunnel (`tunneled`). */
export type RequestFacts = {
  readonly method: string;
  /** Request target as sent; in plain HTTP inside a tunnel, a path is completed to a URL. */
  readonly target: string;
  /** Every `Host` header as sent, in order. */
  readonly hostHeaders: readonly string[];
  /** Every header as sent: name, value, name, value, ... */
  readonly rawHeaders: readonly string[];
  /** `Upgrade` header, or `:protocol` of HTTP/2, in lower case; empty when none was sent. */
  readonly upgrade: string;
  /** HTTP version that the request itself states, e.g. `1.1`. */
  readonly version: string;
} & (
  | {
      readonly kind: 'plain';
      /** The CONNECT that opened the tunnel that it came in; absent on the proxy port itself. */
      readonly tunnel?: { readonly host: string; readonly port: number };
    }
  | {
      readonly kind: 'tunneled';
      /** The CONNECT that opened the tunnel. */
      readonly tunnel: { readonly host: string; readonly port: number };
      /** Server name of the TLS handshake; `undefined` when none was sent. */
      readonly serverName: string | undefined;
      /** Where HTTP/2 says that the request goes; absent for HTTP/1.1. */
      readonly pseudo?: { readonly authority: string | undefined; readonly scheme: string | undefined };
    }
);

export type Facts = ConnectFacts | RequestFacts;
