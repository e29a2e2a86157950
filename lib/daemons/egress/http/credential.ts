/** What carries the credential of a route. The agent's own value of it is neither scanned nor sent. */
export interface CredentialPlace {
  readonly kind: 'header' | 'query';
  /** Of the header, in lower case, or of the query parameter. */
  readonly name: string;
}

/** A credential that egress adds to a request. */
export interface InjectedCredential extends CredentialPlace {
  /** The whole value of the header or parameter, not encoded. */
  readonly value: string;
}

/** Whether this header carries the credential. `name` is in lower case. */
export function isCredentialHeader(name: string, place: CredentialPlace | undefined): boolean {
  return place?.kind === 'header' && place.name === name;
}
