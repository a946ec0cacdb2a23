import { describe, expect, it } from 'vitest';
import { choosePlace } from '../../e2e/place.ts';

const lab = 'scripts';

describe('where the end-to-end test runs', () => {
  it('is the cluster that is given, whatever else there is', () => {
    const env = { KUBECONFIG: 'k', IMAGE: 'i' };
    expect(choosePlace({ env, lab, rootOnDebian: true })).toEqual({ kind: 'given', kubeconfig: 'k', image: 'i' });
  });

  it('is never a cluster that a shell merely happens to have chosen', () => {
    const env = { KUBECONFIG: 'k' };
    expect(choosePlace({ env, lab, rootOnDebian: true })).toMatchObject({
      kind: 'nowhere',
      why: expect.stringContaining('or unset KUBECONFIG'),
    });
    expect(choosePlace({ env, lab: undefined, rootOnDebian: true })).toMatchObject({
      kind: 'nowhere',
      why: expect.stringMatching(/IMAGE to the name of an image that its nodes have or can pull\.$/),
    });
  });

  it('is the lab, with an image of its own or the given one', () => {
    expect(choosePlace({ env: {}, lab, rootOnDebian: true })).toEqual({ kind: 'lab', scripts: lab, image: undefined });
    const env = { KUBECONFIG: '', IMAGE: 'i' };
    expect(choosePlace({ env, lab, rootOnDebian: true })).toEqual({ kind: 'lab', scripts: lab, image: 'i' });
  });

  it('is nowhere without either, and a sentence says what to set', () => {
    for (const machine of [
      { lab: undefined, rootOnDebian: true },
      { lab, rootOnDebian: false },
    ])
      expect(choosePlace({ env: {}, ...machine })).toMatchObject({
        kind: 'nowhere',
        why: expect.stringContaining('set KUBECONFIG'),
      });
  });
});
