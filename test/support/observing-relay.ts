/**
 * A relay that a test observes: every request is recorded and passes as it is, unless the test has another response sent. (Faults on the way
 * to the API server are those of `sandbox/faulty-proxy`.)
 */
import { give, type MadeResponse } from '../../sandbox/relay/message.ts';
import { Relay, type RelayTarget } from '../../sandbox/relay/relay.ts';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly authorization: string;
  readonly body: string;
}

/** Undefined lets the request pass. */
export type Answering = (request: SeenRequest) => MadeResponse | undefined;

export interface ObservingRelay extends AsyncDisposable {
  readonly url: string;
  /** Every request, in order. */
  readonly seen: readonly SeenRequest[];
  answering: Answering;
  /** Cuts every connection there is. */
  cut(): void;
}

export async function startObservingRelay(target: RelayTarget): Promise<ObservingRelay> {
  const seen: SeenRequest[] = [];
  const none: Answering = () => undefined;
  const relay = await Relay.start(target, async (request, response) => {
    const { method, url, headers, body } = request;
    const one = { method, url, authorization: headers.authorization ?? '', body: body.toString() };
    seen.push(one);
    const other = observing.answering(one);
    if (other === undefined) return await relay.pass(request, response);
    give(response, other);
  });
  const observing: ObservingRelay = {
    url: relay.url,
    seen,
    answering: none,
    cut: () => relay.cut(),
    [Symbol.asyncDispose]: () => relay.stop(),
  };
  return observing;
}
