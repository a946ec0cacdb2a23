/**
 * One request from its arrival to its response: route, faults, token, handler, ledger. The usual case (a read, no fault) is handled
 * without a promise, so that a bench measures the client and not this.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseExactJson } from '../../../src/base/exact-json.ts';
import { giveToken } from '../calls/give-token.ts';
import { HANDLERS, NEEDS_JSON, OPEN_HANDLERS } from '../calls/handlers.ts';
import { Refusal } from '../calls/query.ts';
import {
  type ApiResponse,
  envelope,
  forbidden,
  methodNotAllowed,
  notFound,
  tooLarge,
  unauthorized,
  unsupportedMedia,
} from '../calls/responses.ts';
import type { Console } from '../control/console.ts';
import type { Fault } from '../faults.ts';
import { mayAsk } from '../state/callers.ts';
import type { Cloud } from '../state/cloud.ts';
import { authenticate, basicCredentials, type Session } from './authenticate.ts';
import { deliver, send } from './deliver.ts';
import { RateLimit } from './rate-limit.ts';
import { BASE, type Match, matchRoute } from './routes.ts';

export const BODY_LIMIT = 1024 * 1024;

/** What is known of a request while it is in flight. */
interface InFlight {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly match: Match;
  readonly at: number;
  readonly started: number;
  readonly faults: readonly Fault[];
  session: Session | undefined;
}

export class ApiServer {
  readonly #cloud: Cloud;
  readonly #console: Console;
  readonly #rate = new RateLimit();
  readonly #stopped: AbortSignal;

  constructor(cloud: Cloud, console: Console, stopped: AbortSignal) {
    this.#cloud = cloud;
    this.#console = console;
    this.#stopped = stopped;
  }

  handle(req: IncomingMessage, res: ServerResponse): void {
    const cloud = this.#cloud;
    cloud.ledger.began();
    res.once('close', () => cloud.ledger.ended());
    const match = matchRoute(req.method ?? 'GET', req.url ?? '/');
    const at = cloud.clock.wall();
    const session = match.route === 'token' ? undefined : authenticate(cloud, req.headers, at);
    const client = session?.caller.id ?? basicCredentials(req.headers.authorization)?.id;
    const faults = cloud.faults.take({ ...match, client });
    const inFlight: InFlight = { req, res, match, at, started: cloud.clock.now(), faults, session };
    if (faults.length === 0 && !NEEDS_JSON.has(match.route) && match.route !== 'token') {
      this.#record(inFlight, send(res, this.#respond(inFlight, ''), cloud.switches.current));
      return;
    }
    this.#handleSlowly(inFlight).catch((error: unknown) => {
      // The client is gone, or the sandbox is being stopped; anything else is a mistake in here and must be seen.
      if (req.destroyed || res.destroyed || this.#stopped.aborted) return this.#record(inFlight, 0);
      process.stderr.write(`The sandbox failed to respond: ${error instanceof Error ? error.stack : String(error)}\n`);
      this.#record(inFlight, send(res, envelope(500, 1000, 'Internal error.')));
    });
  }

  async #handleSlowly(inFlight: InFlight): Promise<void> {
    const { req, res, match, faults } = inFlight;
    const cloud = this.#cloud;
    const body = await readBody(req);
    for (const fault of faults) {
      if (fault.kind === 'latency') {
        await cloud.clock.sleep(fault.ms + cloud.random() * fault.jitterMs, this.#stopped);
      } else if (fault.kind === 'revokeTokens') {
        cloud.tokens.revoke();
        inFlight.session = undefined;
      } else if (
        fault.kind === 'otherWriter' &&
        match.id !== undefined &&
        cloud.directory.get(match.id) !== undefined
      ) {
        const { businessTypes, language } = fault;
        const change = { ...(businessTypes && { businessTypes }), ...(language && { language }) };
        this.#console.change(match.id, change, 'otherWriter');
      }
    }
    const fault = faults.find(({ kind }) => kind !== 'latency' && kind !== 'revokeTokens' && kind !== 'otherWriter');
    if (fault === undefined) {
      this.#record(inFlight, send(res, this.#respond(inFlight, body), cloud.switches.current));
    } else if (stopsBefore(fault)) {
      this.#record(inFlight, deliver(res, BLANK, fault, this.#serverNow()));
    } else {
      const response = this.#respond(inFlight, body, fault.kind === 'wrongSecret');
      this.#record(inFlight, deliver(res, response, fault, this.#serverNow()));
    }
  }

  #respond({ req, match, session }: InFlight, body: string | null, wrongSecret = false): ApiResponse {
    const cloud = this.#cloud;
    const switches = cloud.switches.current;
    const limited = this.#rate.check(cloud);
    if (limited !== undefined) return limited;
    const { route } = match;
    const { authorization, cookie, host, 'content-type': contentType, 'user-agent': userAgent } = req.headers;
    if (body === null) return tooLarge(BODY_LIMIT);
    if (route === 'token') return giveToken(cloud, { authorization, contentType, body, reject: wrongSecret });
    const isOpen = route === 'findDataCenter' || route === 'oneTimeLogin';
    if (!isOpen) {
      if (req.url?.startsWith(BASE) !== true) return notFound(switches);
      if (session === undefined) return unauthorized(switches);
    }
    if (route === 'unknown') {
      return match.allowed === undefined ? notFound(switches) : methodNotAllowed(match.allowed);
    }
    let json: unknown;
    if (NEEDS_JSON.has(route)) {
      if (!/^application\/json\b/i.test(contentType ?? '')) return unsupportedMedia();
      try {
        json = parseExactJson(body);
      } catch {
        return envelope(400, 400, 'Bad Request', 'The body is not JSON.');
      }
    }
    try {
      if (route === 'findDataCenter' || route === 'oneTimeLogin') {
        return OPEN_HANDLERS[route](cloud, { ...match, switches, body: json, origin: `http://${host ?? ''}` });
      }
      if (session === undefined) return unauthorized(switches);
      if (route !== 'getMe' && route !== 'logout' && !mayAsk(session.caller, req.method ?? 'GET')) {
        return forbidden('The user is no administrator.');
      }
      return HANDLERS[route](cloud, { ...match, ...session, cookie, userAgent, switches, body: json });
    } catch (error) {
      if (error instanceof Refusal) return error.response;
      throw error;
    }
  }

  #serverNow(): number {
    return this.#cloud.clock.wall() + this.#cloud.switches.current.clockSkewMs;
  }

  #record({ req, match, at, started, session, faults }: InFlight, status: number): void {
    this.#cloud.ledger.request({
      at,
      ms: this.#cloud.clock.now() - started,
      method: req.method ?? 'GET',
      route: match.route,
      id: match.id,
      status,
      client: session?.caller.id,
      token: session?.token,
      userAgent: req.headers['user-agent'],
      faults: faults.length === 0 ? NO_FAULTS : faults.map(({ kind }) => kind),
    });
  }
}

const NO_FAULTS: readonly string[] = Object.freeze([]);
const BLANK: ApiResponse = { status: 200, body: {} };

const stopsBefore = (fault: Fault): boolean =>
  fault.kind === 'redirect' ||
  ((fault.kind === 'status' || fault.kind === 'cut' || fault.kind === 'hang') && fault.moment === 'before');

/** The whole body as text; `null` where it is longer than anyone may send. */
export async function readBody(req: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    if (size <= BODY_LIMIT) chunks.push(bytes);
  }
  return size > BODY_LIMIT ? null : Buffer.concat(chunks).toString();
}
