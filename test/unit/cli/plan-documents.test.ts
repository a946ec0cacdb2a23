import { describe, expect, it } from 'vitest';
import { type Document, documentsOf, isPlanned } from '../../../src/cli/plan/documents.ts';
import { problemIn } from '../../../src/cli/plan/valid.ts';

const userID = '1c234e69-5469-424a-a6d1-ff5658b387a6';
const object = (spec: unknown, metadata: unknown = { name: 'john' }): Document => ({
  where: 'here',
  apiVersion: 'upsell.acronis.com/v1alpha1',
  kind: 'TenantUserUpsell',
  raw: { metadata, spec },
});
const read = (text: string) => documentsOf({ name: 'a.yaml', text });

describe('documents', () => {
  it('several YAML documents, Lists and JSON are taken apart; those of other kinds are passed over', () => {
    const text = `# from kustomize
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
---
---
apiVersion: v1
kind: List
items:
- {apiVersion: upsell.acronis.com/v1alpha1, kind: TenantUserUpsell, metadata: {name: a}}
- {apiVersion: v1, kind: Service, metadata: {name: b}}
`;
    expect(
      read(text)
        .filter(isPlanned)
        .map(({ where }) => where),
    ).toEqual(['a.yaml, document 3, item 1']);
    expect(read('{"apiVersion": "v1", "kind": "Pod"}').map(({ kind }) => kind)).toEqual(['Pod']);
    expect(read('')).toEqual([]);
  });

  it('YAML is read as kubectl reads it: yes is a boolean, and a date is a text', () => {
    const [document] = read('{apiVersion: v1, kind: A, on: yes, at: 2026-01-01}');
    expect(document?.raw).toMatchObject({ true: true, at: '2026-01-01' });
  });

  it.each([
    ['half a document', 'apiVersion: v1\nkind: "A', /a\.yaml is neither YAML nor JSON \(line \d+\)/],
    ['bytes', '\u0000\u0001\u0002 client-secret', /neither YAML nor JSON/],
    ['a text', 'hello', /a\.yaml, document 1 is no object of Kubernetes/],
  ])('%s is refused with its place, and nothing of it is repeated', (_, text, sentence) => {
    expect(() => read(text)).toThrow(sentence);
    expect(() => read(text)).not.toThrow(/client-secret|hello/);
  });
});

describe('what the API server would refuse', () => {
  it.each([
    ['a good one', object({ userID }), undefined],
    ['a field that there is not', object({ userID, deletionpolicy: 'Revoke' }), /spec\.deletionpolicy is no field/],
    [
      'a field of a field',
      object({ userID, accountRef: { name: 'a', kind: 'b' } }),
      /spec\.accountRef\.kind is no field/,
    ],
    ['a broken rule', object({ userID, login: 'john' }), /exactly one of/],
    ['no spec', object(undefined), /spec is missing/],
    ['no name', object({ userID }, {}), /metadata\.name/],
    ['a name in upper case', object({ userID }, { name: 'John' }), /lower-case letters/],
    [
      'another version',
      { ...object({ userID }), apiVersion: 'upsell.acronis.com/v1' },
      /There is no TenantUserUpsell in/,
    ],
  ])('%s', (_, document, sentence) => {
    const problem = problemIn(document);
    if (sentence === undefined) expect(problem).toBeUndefined();
    else expect(problem).toMatch(sentence);
  });
});
