/**
 * Writes to our objects as the API server counts them (`apiserver_request_total`). It does not name the writer, and need not: status and Events are written by
 * the operator alone, and of the writes to the objects themselves the driver knows which are its own.
 */
export interface WriteCounts {
  /** Of `…/status`. */
  readonly status: number;
  /** PATCH or PUT of the objects: the driver's edits, and the operator's finalizers. */
  readonly objects: number;
  readonly events: number;
}

/** Objects, and policies where there are any. */
const ours: ReadonlySet<string> = new Set(['tenantuserupsells', 'tenantupsellpolicies']);

export function countWrites(page: string): WriteCounts {
  const counts = { status: 0, objects: 0, events: 0 };
  for (const text of page.split('\n')) {
    if (!text.startsWith('apiserver_request_total{')) continue;
    const close = text.lastIndexOf('}');
    const label = (name: string) => new RegExp(`[{,]${name}="([^"]*)"`).exec(text)?.[1] ?? '';
    const count = Number(text.slice(close + 1));
    const verb = label('verb');
    const changes = verb === 'PATCH' || verb === 'PUT' || verb === 'APPLY';
    if (label('resource') === 'events' && (verb === 'POST' || changes)) counts.events += count;
    if (!ours.has(label('resource')) || !changes) continue;
    if (label('subresource') === 'status') counts.status += count;
    else counts.objects += count;
  }
  return counts;
}

export const since = (before: WriteCounts, after: WriteCounts): WriteCounts => ({
  status: after.status - before.status,
  objects: after.objects - before.objects,
  events: after.events - before.events,
});
