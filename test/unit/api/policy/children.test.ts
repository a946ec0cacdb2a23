import { expect, it } from 'vitest';
import { childLabels, childName } from '../../../../src/api/policy/children.ts';

it('a child is named after its user, however its id was written', () => {
  expect(childName('1C234E69-5469-424A-A6D1-FF5658B387A6')).toBe('u-1c234e69-5469-424a-a6d1-ff5658b387a6');
});

it('a child has the label of its policy, whatever else it is given', () => {
  expect(childLabels('admins', { team: 'sales' })).toEqual({ team: 'sales', 'upsell.acronis.com/policy': 'admins' });
  expect(childLabels('admins', { 'upsell.acronis.com/policy': 'other' })).toEqual({
    'upsell.acronis.com/policy': 'admins',
  });
});
