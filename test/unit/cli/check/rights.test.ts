/** The rights that are checked are those that the operator is installed with, no more and no fewer. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { rightsOf } from '../../../../src/cli/check/rights.ts';

const role = z.object({
  rules: z.array(
    z.object({
      apiGroups: z.array(z.string()),
      resources: z.array(z.string()),
      verbs: z.array(z.string()),
      resourceNames: z.array(z.string()).optional(),
    }),
  ),
});

it('the checklist asks for the rights that deploy/ gives', () => {
  const text = readFileSync(new URL('../../../../deploy/kustomize/base/rbac.yaml', import.meta.url), 'utf8');
  const given = parseAllDocuments(text)
    .flatMap((document) => role.safeParse(document.toJS()).data?.rules ?? [])
    .flatMap(({ apiGroups, resources, verbs, resourceNames = [''] }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.flatMap((verb) => resourceNames.map((name) => `${verb} ${group}/${resource} ${name}`)),
        ),
      ),
    );
  const asked = rightsOf({ watchNamespaces: [], leaseName: 'acronis-upsell-operator', leaderElect: true }).map(
    ({ group, resource, subresource, verb, name = '' }) =>
      `${verb} ${group}/${resource}${subresource === undefined ? '' : `/${subresource}`} ${name}`,
  );
  expect(asked.toSorted()).toEqual(given.toSorted());
});

it('an operator of listed namespaces reads each of them by its name', () => {
  const asked = rightsOf({ watchNamespaces: ['a', 'b'], leaseName: 'x', leaderElect: false });
  expect(asked.filter(({ resource }) => resource === 'namespaces').map(({ verb, name }) => [verb, name])).toEqual([
    ['get', 'a'],
    ['get', 'b'],
  ]);
  expect(asked.filter(({ resource }) => resource === 'leases')).toEqual([]);
});
