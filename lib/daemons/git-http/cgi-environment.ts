import type { IncomingMessage } from 'node:http';
import { gitEnvironment } from '../shared/git-environment.ts';
import type { GitRequest } from './route.ts';

export interface BackendPlace {
  /** Directory of the mirrors. */
  readonly mirrors: string;
  /** Path of git's configuration. */
  readonly configuration: string;
}

/** What http-backend reads from its environment. Of the request, only what it needs, and only in the form it has. */
export function cgiEnvironment(
  { repo, service, isFirst }: GitRequest,
  { headers, method = 'GET' }: Pick<IncomingMessage, 'headers' | 'method'>,
  { mirrors, configuration }: BackendPlace,
): Record<string, string> {
  const optional = {
    GIT_PROTOCOL: matching(headers['git-protocol'], /^[a-z0-9=:.-]{1,64}$/),
    CONTENT_TYPE: matching(headers['content-type'], /^[a-z0-9/.+-]{1,128}$/),
    // Long lists of what a client has come compressed.
    HTTP_CONTENT_ENCODING: matching(headers['content-encoding'], /^(?:x-)?gzip$/),
    // Absent for a body in chunks, which is read to its end.
    CONTENT_LENGTH: matching(headers['content-length'], /^[0-9]{1,15}$/),
  };
  const given = Object.entries(optional).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  return {
    ...gitEnvironment(configuration),
    GIT_PROJECT_ROOT: mirrors,
    GIT_HTTP_EXPORT_ALL: '1',
    REQUEST_METHOD: method,
    PATH_INFO: `/${repo.name}.git/${isFirst ? 'info/refs' : service}`,
    QUERY_STRING: isFirst ? `service=${service}` : '',
    ...Object.fromEntries(given),
  };
}

function matching(value: string | string[] | undefined, pattern: RegExp): string | undefined {
  return typeof value === 'string' && pattern.test(value) ? value : undefined;
}
