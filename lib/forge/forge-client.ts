import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { BottleError } from '../errors.ts';
import type { NewKey } from './dialect.ts';
import { DIALECTS } from './dialects.ts';
import { type Answer, exchange, type Request } from './exchange.ts';
import { explainAnswer, explainNoAnswer, type Subject } from './explain.ts';
import type { Forge } from './forges.ts';
import { isRateLimited, requestedWait } from './rate-limit.ts';
import { PATIENCE, type Patience, type Try, withRetries } from './retry.ts';

/** Where deploy keys are registered. */
export interface KeyPlace {
  readonly forge: Forge;
  /** Without a slash at its end. */
  readonly apiUrl: string;
  /** `OWNER/REPOSITORY`; with GitLab, also `GROUP/GROUP/REPOSITORY`. */
  readonly repository: string;
}

export interface ForgeAccess {
  /** The host variable with the token, for errors. */
  readonly variable: string;
  readonly token: string;
  readonly dispatcher: Dispatcher;
  readonly patience?: Patience;
  /** Ends waits between tries. A request under way is always answered or timed out, so that it is known what it did. */
  readonly signal?: AbortSignal | undefined;
}

/** `refused`: the forge has certainly registered nothing. */
export type Creation = { readonly keyId: number } | { readonly refused: BottleError };

const keyId = z.number().int().positive();
const createdKey = z.looseObject({ id: keyId });
const listedKeys = z.array(z.looseObject({ id: keyId, title: z.string() }));

/** More than any repository has; ends lists that have no end. */
const MAX_PAGES = 100;

/** The deploy keys of one repository. */
export class ForgeClient {
  readonly #keysUrl: string;
  readonly #access: ForgeAccess;
  readonly #subject: Subject;
  readonly #patience: Patience;

  constructor({ forge, apiUrl, repository }: KeyPlace, access: ForgeAccess) {
    const { variable, token, patience = PATIENCE } = access;
    this.#access = access;
    this.#patience = patience;
    this.#subject = { dialect: DIALECTS[forge], apiUrl, repository, variable, token };
    this.#keysUrl = apiUrl + this.#subject.dialect.keysPath(repository);
  }

  /**
   * Registers a key. When an answer was lost, looks for the key by its title before it asks again.
   * @throws BottleError `forge-failed` when the key may have been registered.
   */
  async createKey(key: NewKey): Promise<Creation> {
    let isUncertain = false;
    try {
      return await this.#retrying(async (): Promise<Try<Creation>> => {
        if (isUncertain) {
          const found = await this.findKey(key.title);
          if (found !== undefined) return { value: { keyId: found } };
        }
        const json = this.#subject.dialect.creation(key);
        const answer = await this.#send({ method: 'POST', url: this.#keysUrl, json });
        if ('failure' in answer) {
          isUncertain ||= answer.isUncertain;
          return answer;
        }
        const created = createdKey.safeParse(answer.body).data;
        if (answer.status === 201 && created !== undefined) return { value: { keyId: created.id } };
        isUncertain ||= answer.status >= 200 && answer.status < 300;
        throw explainAnswer(answer, this.#subject);
      });
    } catch (error) {
      if (isUncertain || !(error instanceof BottleError)) throw error;
      return { refused: error };
    }
  }

  /** Revokes a key; one that is gone counts as revoked. @throws BottleError `forge-failed` */
  async deleteKey(id: number): Promise<void> {
    await this.#retrying(async (): Promise<Try<undefined>> => {
      const answer = await this.#send({ method: 'DELETE', url: `${this.#keysUrl}/${id}` });
      if ('failure' in answer) return answer;
      if (answer.status === 204 || answer.status === 404) return { value: undefined };
      throw explainAnswer(answer, this.#subject);
    });
  }

  /**
   * Returns the id of the key with this title; undefined when there is none, or the repository is gone.
   * @throws BottleError `forge-failed`
   */
  async findKey(title: string): Promise<number | undefined> {
    const { dialect } = this.#subject;
    let seen = 0;
    for (let page = 1; page <= MAX_PAGES; page += 1) {
      const answer = await this.#list(`${this.#keysUrl}?${dialect.pageQuery(page)}`);
      if (answer.status === 404) return undefined;
      const keys = listedKeys.safeParse(answer.body).data;
      if (answer.status !== 200 || keys === undefined) throw explainAnswer(answer, this.#subject);
      const found = keys.find((key) => key.title === title);
      if (found !== undefined) return found.id;
      seen += keys.length;
      if (keys.length === 0 || !dialect.hasMore(answer.headers, seen)) return undefined;
    }
    throw new BottleError('forge-failed', `${this.#keysUrl} lists keys without end`, {
      hint: 'Correct `key.api_url`.',
    });
  }

  #list(url: string): Promise<Answer> {
    return this.#retrying(async () => {
      const answer = await this.#send({ method: 'GET', url });
      return 'failure' in answer ? answer : { value: answer };
    });
  }

  /** Sends a request once. Returns a failure when another try may help. */
  async #send(
    request: Omit<Request, 'headers'>,
  ): Promise<Answer | { failure: BottleError; afterMs?: number | undefined; isUncertain: boolean }> {
    const { token, dispatcher } = this.#access;
    const headers = this.#subject.dialect.headers(token);
    const answer = await exchange({ ...request, headers }, { dispatcher, timeoutMs: this.#patience.totalMs });
    if (answer.kind === 'none') {
      return { failure: explainNoAnswer(answer, this.#subject), isUncertain: answer.isUncertain };
    }
    const isLimited = isRateLimited(answer);
    if (!isLimited && answer.status < 500) return answer;
    const failure = explainAnswer(answer, this.#subject);
    return { failure, afterMs: requestedWait(answer.headers), isUncertain: !isLimited };
  }

  #retrying<T>(attempt: () => Promise<Try<T>>): Promise<T> {
    return withRetries(attempt, this.#patience, this.#access.signal);
  }
}
