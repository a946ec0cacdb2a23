/** How people sign in: passwords, one-time tokens that an API client asks for, and the sessions that these begin. */
import type { Random } from '../../../src/base/clock.ts';
import { randomLetters } from '../random.ts';
import type { User } from './users.ts';

const ONE_TIME_TOKEN_MS = 60_000;

interface OneTimeToken {
  readonly user: User;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export class SignIn {
  readonly #random: Random;
  readonly #passwords = new Map<User, string>();
  readonly #oneTimeTokens = new Map<string, OneTimeToken>();
  readonly #sessions = new Map<string, User>();

  constructor(random: Random) {
    this.#random = random;
  }

  setPassword(user: User, password: string): void {
    this.#passwords.set(user, password);
  }

  /** The person with this login and password; `undefined` where there is none, or they may not sign in. */
  withPassword(login: string, password: string, isCaseSensitive: boolean): User | undefined {
    const fold = (text: string) => (isCaseSensitive ? text : text.toLowerCase());
    for (const [user, right] of this.#passwords) {
      if (right === password && fold(user.login) === fold(login) && user.enabled && user.deletedAt === undefined)
        return user;
    }
    return undefined;
  }

  /** Works once, for a minute. */
  oneTimeToken(user: User, now: number): string {
    const text = Buffer.from(`OTT${randomLetters(this.#random, 24)}`).toString('base64');
    this.#oneTimeTokens.set(text, { user, expiresAt: now + ONE_TIME_TOKEN_MS });
    return text;
  }

  /** Begins a session and returns the text of its cookie. */
  withOneTimeToken(text: string, now: number): { readonly user: User; readonly session: string } | undefined {
    const token = this.#oneTimeTokens.get(text);
    this.#oneTimeTokens.delete(text);
    if (token === undefined || token.expiresAt <= now || token.user.deletedAt !== undefined) return undefined;
    const session = randomLetters(this.#random, 43);
    this.#sessions.set(session, token.user);
    return { user: token.user, session };
  }

  sessionOf(text: string): User | undefined {
    return this.#sessions.get(text);
  }

  endSession(text: string): void {
    this.#sessions.delete(text);
  }

  clear(): void {
    this.#passwords.clear();
    this.#oneTimeTokens.clear();
    this.#sessions.clear();
  }
}
