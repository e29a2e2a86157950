import type { Agent, Dispatcher } from 'undici';
import { PooledResponse } from './pooled-response.ts';
import {
  CallCanceled,
  type CallListeners,
  type UpstreamCall,
  type UpstreamRequest,
} from './upstream-call.ts';

/** One origin, in undici's terms. */
interface Target {
  readonly origin: string;
  /** Name that its certificate is verified for. */
  readonly servername: string;
}

/** The upstream sent a 100 (Continue) that was not asked for, which undici takes for a bad response. */
class UnaskedContinue extends Error {
  readonly code = 'UNASKED_CONTINUE';
}

/** A call over HTTP/1.1, made by undici. */
export class PooledCall implements UpstreamCall, Dispatcher.DispatchHandler {
  readonly #listeners: CallListeners;
  readonly #onUnaskedContinue: () => void;
  #controller: Dispatcher.DispatchController | undefined;
  #response: PooledResponse | undefined;
  #isDispatching = false;
  #isCanceled = false;
  #isDelivered = false;

  /** `onUnaskedContinue`: called on an unsolicited 100 (Continue), which ends the call. */
  constructor(listeners: CallListeners, onUnaskedContinue: () => void) {
    this.#listeners = listeners;
    this.#onUnaskedContinue = onUnaskedContinue;
  }

  /** @throws Error when HTTP/1.1 cannot express the request. */
  dispatch(agent: Agent, target: Target, { method, path, headers }: UpstreamRequest, body: Buffer): void {
    const options = { ...target, method, path, headers, body };
    this.#isDispatching = true;
    agent.dispatch(options, this);
    this.#isDispatching = false;
  }

  cancel(): void {
    this.#isCanceled = true;
    if (this.#response?.isOver !== true) this.#controller?.abort(new CallCanceled());
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // It may have been canceled while it waited for a connection.
    if (this.#isCanceled) controller.abort(new CallCanceled());
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    const rawHeaders = textsOf(controller.rawHeaders);
    if (status === 103) this.#listeners.earlyHints(rawHeaders);
    if (status < 200) return;
    this.#response = new PooledResponse(controller, status, rawHeaders);
    // A short body arrives in the same turn, and is then delivered with the head.
    queueMicrotask(() => this.#deliver());
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#response?.push(chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#response?.end(textsOf(controller.rawTrailers));
    this.#deliver();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    // Rethrown by `dispatch`.
    if (this.#isDispatching) throw error;
    this.#response?.breakOff(error);
    this.#isDelivered = true;
    if (error instanceof CallCanceled) return;
    const isUnasked = this.#response === undefined && isBadResponse(error);
    if (isUnasked) this.#onUnaskedContinue();
    this.#listeners.failed(isUnasked ? new UnaskedContinue() : error);
  }

  #deliver(): void {
    if (this.#isDelivered || this.#response === undefined) return;
    this.#isDelivered = true;
    this.#listeners.responded(this.#response);
  }
}

/** undici's error for a 100. It is also the one for data without a request, which no call ever gets. */
function isBadResponse(error: Error): boolean {
  return 'code' in error && error.code === 'UND_ERR_SOCKET' && error.message === 'bad response';
}

/** Headers as undici reads them: name, value, name, value, ... */
function textsOf(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
  return Array.isArray(raw)
    ? raw.map((text) => (typeof text === 'string' ? text : text.toString('latin1')))
    : [];
}
