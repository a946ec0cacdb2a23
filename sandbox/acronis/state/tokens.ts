/** Access tokens: issued, checked, ended. A token is known outside by its number only, never by its text. */
import type { Random } from '../../../src/base/clock.ts';
import { randomLetters } from '../random.ts';
import type { SwitchValues } from '../switches.ts';
import type { Client } from './clients.ts';

export interface Token {
  /** 1 for the first token ever issued, and so on: what the ledger shows. */
  readonly number: number;
  readonly client: Client;
  /** Milliseconds since 1970, by the machine's clock. */
  readonly expiresAt: number;
}

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

  issue(client: Client, now: number, switches: SwitchValues): { readonly text: string; readonly token: Token } {
    this.#forgetEnded(now);
    this.#issued += 1;
    const expiresAt = now + switches.tokenTtlSeconds * 1000;
    const token: Token = { number: this.#issued, client, expiresAt };
    const exp = Math.floor((expiresAt + switches.clockSkewMs) / 1000);
    const text = switches.tokenForm === 'jwt' ? this.#jwt(client, exp) : randomLetters(this.#random, 43);
    this.#byText.set(text, token);
    return { text, token };
  }

  /** The token a request carries, or `undefined` where it carries none that is alive. */
  check(authorization: string | undefined, now: number): Token | undefined {
    if (authorization === undefined || !/^bearer /i.test(authorization)) return undefined;
    const token = this.#byText.get(authorization.slice(7));
    return token === undefined || token.expiresAt <= now || !token.client.enabled ? undefined : token;
  }

  /** Ends every token, or every token of one client. Answers how many. */
  revoke(client?: Client): number {
    let ended = 0;
    for (const [text, token] of this.#byText) {
      if (client !== undefined && token.client !== client) continue;
      this.#byText.delete(text);
      ended += 1;
    }
    return ended;
  }

  /** Looks like the real thing (three parts, the times in the middle one); the signature is made up. */
  #jwt(client: Client, exp: number): string {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const header = part({ typ: 'JWT', alg: 'RS256', kid: 'c0000000-0000-4000-8000-000000000001' });
    const payload = part({
      aud: 'sandbox',
      exp,
      jti: randomLetters(this.#random, 16),
      sub: client.id,
      scope: [{ tid: client.tenant.id }],
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
