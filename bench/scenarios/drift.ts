/** The type is revoked in the console from some users of the fleet: how soon the last of them has it again. */
import { until } from '../../sandbox/until.ts';
import type { Settings } from '../contenders.ts';
import type { Target } from '../driver.ts';
import type { Lab } from '../lab.ts';
import type { Sample } from '../sample.ts';

/** Users spread over the whole fleet drift, each a moment after the other, so that they do not all meet the same moment of the interval. */
export async function observeDrift(
  { acronis }: Lab,
  fleet: readonly Target[],
  { drifting, settings }: { readonly drifting: number; readonly settings: Settings },
): Promise<Sample['figures']> {
  const step = Math.max(1, Math.floor(fleet.length / drifting));
  const strayed = new Map<string, number>();
  const took: number[] = [];
  const read = async (): Promise<number> => {
    for (const [id, at] of strayed) {
      if (!(await acronis.isBuyer(id))) continue;
      strayed.delete(id);
      took.push((performance.now() - at) / 1000);
    }
    return strayed.size;
  };
  for (let i = 0; i < drifting; i++) {
    const target = fleet[i * step];
    if (target === undefined) break;
    await acronis.strip(target.user.id);
    strayed.set(target.user.id, performance.now());
    await new Promise((resolve) => setTimeout(resolve, settings.driftMs / drifting / 2));
    await read();
  }
  await until('drift is corrected', read, (left) => left === 0, {
    withinMs: settings.driftMs * 3 + 60_000,
    everyMs: 100,
  });
  return { detectS: Math.max(...took), seconds: took.reduce((sum, each) => sum + each, 0) / took.length };
}
