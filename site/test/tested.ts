/** The site that the test looks at; run, it builds it. Both versions are the tree: what is tested is that one leads to the other. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSite } from '../build.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
export const out = join(root, 'site/dist/tested');
/** As on GitHub Pages, below a name. */
export const base = '/operator/';

if (import.meta.main) {
  const versions = [
    { label: '9.9.0', path: '' },
    { label: 'next', path: 'next/' },
  ];
  await buildSite({ versions, base, out }, async () => root);
}
