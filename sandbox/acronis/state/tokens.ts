/** Access tokens: issued, checked, ended. A token is known outside by its number only, never by its text. */
import type { Random } from '../../../src/base/clock.ts';
import { randomLetters } from '../random.ts';
import type { SwitchValues } from '../switches.ts';
import { type Caller, isEnabled } from './callers.ts';
import type { Client } from './clients.ts';

export interface Token {
  /** 1 for the first token ever issued, and so on: what the ledger shows. */
  readonly number: number;
  readonly caller: Caller;
  /** Milliseconds since 1970, by the machine's clock. */
  readonly expiresAt: number;
  /** The token that this one was made from, and ends with. */
  readonly base: Token | undefined;
  ended: boolean;
}

const isAlive = (token: Token, now: number): boolean =>
  !token.ended &&
  token.expiresAt > now &&
  isEnabled(token.caller) &&
  (token.base === undefined || isAlive(token.base, now));

export class Tokens {
  readonly #random: Random;
  readonly #byText = new Map<string, Token>();
  #issued = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get issued(): number {
    return this.#issued;
  }

  issue(
    caller: Caller,
    now: number,
    switches: SwitchValues,
    base?: Token,
  ): { readonly text: string; readonly token: Token } {
    this.#forgetEnded(now);
    this.#issued += 1;
    const expiresAt = Math.min(now + switches.tokenTtlSeconds * 1000, base?.expiresAt ?? Number.POSITIVE_INFINITY);
    const token: Token = { number: this.#issued, caller, expiresAt, base, ended: false };
    const exp = Math.floor((expiresAt + switches.clockSkewMs) / 1000);
    const text = switches.tokenForm === 'jwt' ? this.#jwt(caller, exp) : randomLetters(this.#random, 43);
    this.#byText.set(text, token);
    return { text, token };
  }

  /** The token a request carries, or `undefined` where it carries none that is alive. */
  check(authorization: string | undefined, now: number): Token | undefined {
    if (authorization === undefined || !/^bearer /i.test(authorization)) return undefined;
    return this.find(authorization.slice(7), now);
  }

  find(text: string, now: number): Token | undefined {
    const token = this.#byText.get(text);
    return token !== undefined && isAlive(token, now) ? token : undefined;
  }

  /** Ends every token, or every token of one client. Returns how many. */
  revoke(client?: Client): number {
    let ended = 0;
    for (const [text, token] of this.#byText) {
      if (client !== undefined && token.caller.client !== client) continue;
      token.ended = true;
      this.#byText.delete(text);
      ended += 1;
    }
    return ended;
  }

  /** Looks like the real thing (three parts, the times in the middle one); the signature is made up. */
  #jwt(caller: Caller, exp: number): string {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const header = part({ typ: 'JWT', alg: 'RS256', kid: 'c0000000-0000-4000-8000-000000000001' });
    const payload = part({
      aud: 'sandbox',
      exp,
      jti: randomLetters(this.#random, 16),
      sub: caller.id,
      scope: [{ tid: caller.tenant.id }],
    });
    return `${header}.${payload}.${randomLetters(this.#random, 86)}`;
  }

  #forgetEnded(now: number): void {
    for (const [text, token] of this.#byText) {
      if (token.expiresAt > now) break;
      this.#byText.delete(text);
    }
  }
}
