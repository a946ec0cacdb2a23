/**
 * Which ids of a long list came already, in 16 to 32 bytes for each: of a UUID 64 bits are kept, which differ for 300,000 users but for one chance in
 * a hundred million; two that look alike make a list incomplete, which removes no child.
 */
export class SeenIds {
  /** Open addressing; 0 is an empty place. */
  #places = new BigUint64Array(1_024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @returns whether it is new. @param id a UUID in lower case. */
  add(id: string): boolean {
    const key = keyOf(id);
    if (!put(this.#places, key)) return false;
    this.#size++;
    if (this.#size * 2 > this.#places.length) this.#grow();
    return true;
  }

  #grow(): void {
    const before = this.#places;
    this.#places = new BigUint64Array(before.length * 2);
    for (const key of before) if (key !== 0n) put(this.#places, key);
  }
}

/** Both halves, since ids that are not random differ in one of them alone. */
function keyOf(id: string): bigint {
  const high = BigInt(`0x${id.slice(0, 8)}${id.slice(9, 13)}${id.slice(14, 18)}`);
  const low = BigInt(`0x${id.slice(19, 23)}${id.slice(24)}`);
  return high ^ low || 1n;
}

/** @returns false where it is there. */
function put(places: BigUint64Array, key: bigint): boolean {
  const mask = places.length - 1;
  let at = Number((key ^ (key >> 32n)) & 0x7f_ff_ff_ffn) & mask;
  for (; places[at] !== 0n; at = (at + 1) & mask) if (places[at] === key) return false;
  places[at] = key;
  return true;
}
