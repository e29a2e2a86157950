import type { Agent, Dispatcher } from 'undici';
import { PooledResponse } from './pooled-response.ts';
import {
  CallCancelled,
  type CallListeners,
  type UpstreamCall,
  type UpstreamRequest,
} from './upstream-call.ts';

/** One origin as undici is told of it. */
interface Target {
  readonly origin: string;
  /** What its certificate is verified for. */
  readonly servername: string;
}

/** The upstream said 100 (Continue) to a request that did not wait for it, which undici takes for a broken answer. */
class UnaskedContinue extends Error {
  readonly code = 'UNASKED_CONTINUE';
}

/** A call over HTTP/1.1, made by undici. */
export class PooledCall implements UpstreamCall, Dispatcher.DispatchHandler {
  readonly #listeners: CallListeners;
  readonly #toldToContinue: () => void;
  #controller: Dispatcher.DispatchController | undefined;
  #answer: PooledResponse | undefined;
  #isDispatching = false;
  #isCancelled = false;
  #isDelivered = false;

  /** `toldToContinue`: called when the upstream says 100 (Continue) unasked, which ends the call. */
  constructor(listeners: CallListeners, toldToContinue: () => void) {
    this.#listeners = listeners;
    this.#toldToContinue = toldToContinue;
  }

  /** @throws Error when the request cannot be put into words. */
  dispatch(agent: Agent, target: Target, { method, path, headers }: UpstreamRequest, body: Buffer): void {
    const options = { ...target, method, path, headers, body };
    this.#isDispatching = true;
    agent.dispatch(options, this);
    this.#isDispatching = false;
  }

  cancel(): void {
    this.#isCancelled = true;
    if (this.#answer?.isOver !== true) this.#controller?.abort(new CallCancelled());
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Meanwhile it waited for a connection.
    if (this.#isCancelled) controller.abort(new CallCancelled());
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    const rawHeaders = textsOf(controller.rawHeaders);
    if (status === 103) this.#listeners.earlyHints(rawHeaders);
    if (status < 200) return;
    this.#answer = new PooledResponse(controller, status, rawHeaders);
    // A short body comes in the same turn: with it, nobody has to wait for it.
    queueMicrotask(() => this.#deliver());
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#answer?.push(chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#answer?.end(textsOf(controller.rawTrailers));
    this.#deliver();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    // Thrown on by `dispatch`.
    if (this.#isDispatching) throw error;
    this.#answer?.breakOff(error);
    this.#isDelivered = true;
    if (error instanceof CallCancelled) return;
    const isUnasked = this.#answer === undefined && isBadResponse(error);
    if (isUnasked) this.#toldToContinue();
    this.#listeners.failed(isUnasked ? new UnaskedContinue() : error);
  }

  #deliver(): void {
    if (this.#isDelivered || this.#answer === undefined) return;
    this.#isDelivered = true;
    this.#listeners.responded(this.#answer);
  }
}

/** What undici says of a 100, and, of what comes when no request is under way, to nobody. */
function isBadResponse(error: Error): boolean {
  return 'code' in error && error.code === 'UND_ERR_SOCKET' && error.message === 'bad response';
}

/** Headers as undici read them: name, value, name, value, ... */
function textsOf(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
  return Array.isArray(raw)
    ? raw.map((text) => (typeof text === 'string' ? text : text.toString('latin1')))
    : [];
}
