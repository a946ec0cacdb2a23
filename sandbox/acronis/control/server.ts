/**
 * The sandbox's own API, under `/_sandbox/` and never under `/api`: what happened, what is, what shall go wrong, and what people in
 * the web console do. No token is asked for; bad input is refused in a sentence.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { InputError } from '../calls/input.ts';
import { send } from '../http/deliver.ts';
import { readBody } from '../http/server.ts';
import type { Action, Controlled } from './action.ts';
import { actionsOf } from './actions.ts';

export const CONTROL = '/_sandbox';

export class ControlServer {
  readonly #actions: readonly Action[];

  constructor(controlled: Controlled) {
    this.#actions = actionsOf(controlled);
  }

  handle(req: IncomingMessage, res: ServerResponse): void {
    this.#respond(req).then(
      ([status, body]) => send(res, { status, text: `${JSON.stringify(body, null, 2)}\n`, type: 'application/json' }),
      () => res.destroy(), // The request's body never came to its end.
    );
  }

  async #respond(req: IncomingMessage): Promise<[number, unknown]> {
    const url = new URL(req.url ?? '/', 'http://sandbox');
    const parts = url.pathname.slice(CONTROL.length).split('/').filter(Boolean);
    const text = await readBody(req);
    if (parts.length === 0) return [200, this.#index()];
    const matching = this.#actions.filter(({ path }) => matchesPath(path, parts));
    if (matching.length === 0)
      return [404, { error: `There is no ${url.pathname}. GET ${CONTROL} lists what there is.` }];
    const action = matching.find(({ method }) => method === req.method);
    if (action === undefined) {
      return [405, { error: `Use ${matching.map(({ method }) => method).join(' or ')} for ${url.pathname}.` }];
    }
    try {
      const body: unknown = text === null || text.trim() === '' ? {} : JSON.parse(text);
      return [200, action.run({ id: parts[1] ?? '', query: url.searchParams, body })];
    } catch (error) {
      if (error instanceof InputError) return [400, { error: error.message }];
      if (error instanceof SyntaxError) return [400, { error: 'The body is not JSON.' }];
      return [500, { error: `The sandbox failed: ${error instanceof Error ? error.message : String(error)}` }];
    }
  }

  #index(): Record<string, string> {
    return Object.fromEntries(this.#actions.map(({ method, path, does }) => [`${method} ${CONTROL}/${path}`, does]));
  }
}

function matchesPath(path: string, parts: readonly string[]): boolean {
  const wanted = path.split('/');
  return wanted.length === parts.length && wanted.every((part, i) => part === '{id}' || part === parts[i]);
}
