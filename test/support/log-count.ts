/** How often a text stands in a log, and waiting until it does. */
import { until } from '../../sandbox/until.ts';

export const countIn = (log: string, text: string): number => log.split(text).length - 1;

/** Waits until a text stands at least so many times in a log: what is seen to be done may be logged a moment later. @throws Error with the log's end */
export async function untilLogged(log: () => string, text: string, times = 1): Promise<void> {
  const seen = () => ({ times: countIn(log(), text), end: log().slice(-1_500) });
  await until(`the log says ${times} × "${text}"`, seen, (now) => now.times >= times);
}
