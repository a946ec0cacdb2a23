/** Control of switches and faults. */
import { z } from 'zod';
import { InputError, parseInput } from '../calls/input.ts';
import type { Action, Controlled } from './action.ts';

const record = z.record(z.string(), z.unknown());

export function faultActions({ cloud }: Controlled): readonly Action[] {
  return [
    {
      method: 'GET',
      path: 'switches',
      does: 'all switches as they stand',
      run: () => cloud.switches.current,
    },
    {
      method: 'POST',
      path: 'switches',
      does: 'changes those named: {"conflictStatus":412,"revisions":"epochMs"}',
      run: ({ body }) => cloud.switches.setUnchecked(parseInput(record, body, 'the switches')),
    },
    { method: 'GET', path: 'faults', does: 'the faults in force', run: () => ({ items: cloud.faults.list() }) },
    {
      method: 'POST',
      path: 'faults',
      does: 'adds a fault: {"kind":"status","status":503,"retryAfter":2,"routes":["getUser"],"times":3}',
      run: ({ body }) => ({ number: cloud.faults.addUnchecked(body) }),
    },
    {
      method: 'DELETE',
      path: 'faults',
      does: 'takes all faults away',
      run: () => {
        cloud.faults.clear();
        return { items: [] };
      },
    },
    {
      method: 'DELETE',
      path: 'faults/{id}',
      does: 'takes the fault with this number away',
      run: ({ id }) => {
        if (!cloud.faults.remove(Number(id))) throw new InputError(`There is no fault with the number ${id}.`);
        return { items: cloud.faults.list() };
      },
    },
  ];
}
