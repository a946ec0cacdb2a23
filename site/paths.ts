/**
 * Where a file of the repository is on the site.
 *
 * The documentation is written for the repository, where its links are relative to files. On the site the README is the first page, `docs/` is the root, and the
 * samples are one page; another file that is linked to comes along as it is. A link that leads to nothing throws, so that the site is not built with it.
 */
import { posix } from 'node:path';

/** Markdown outside docs/ that is a page. */
const pagesOutsideDocs: ReadonlyMap<string, string> = new Map([
  ['README.md', 'index.md'],
  ['docs/README.md', 'contents.md'],
  ['deploy/helm/acronis-upsell-operator/README.md', 'chart.md'],
  ['CHANGELOG.md', 'changelog.md'],
  ['CONTRIBUTING.md', 'contributing.md'],
  ['SECURITY.md', 'security.md'],
  ['UPGRADE.md', 'upgrade.md'],
]);

export const samples = 'deploy/samples';
export const samplesPage = 'samples.md';

/** The page, below the site's root, that a file of the repository becomes; undefined for a file that is no page. */
export function pageOf(file: string): string | undefined {
  const page = pagesOutsideDocs.get(file);
  if (page !== undefined) return page;
  return file.startsWith('docs/') && file.endsWith('.md') ? file.slice('docs/'.length) : undefined;
}

/** As GitHub makes the anchor of a heading. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll('`', '')
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

export interface Translated {
  /** The page's text, with links of the site. */
  readonly text: string;
  /** Files of the repository that it links to and that are no pages, by where they are on the site: a path that begins with `public/`, or beside the pages. */
  readonly files: ReadonlyMap<string, string>;
}

/** GitHub does not show it. On the site, where no HTML is, it would be text. */
const comment = /<!--.*?-->/g;

/** A line that opens or closes a block of code, indented or not. */
const fence = /^\s*(?:```|~~~)/;

/**
 * The text of `file` with its links as the site has them.
 * @throws Error that names file and link where the link leads to nothing in `all`.
 */
export function translate(file: string, text: string, all: ReadonlySet<string>): Translated {
  const files = new Map<string, string>();
  let isCode = false;
  const lines = text.split('\n').map((line) => {
    if (fence.test(line)) isCode = !isCode;
    return isCode || fence.test(line)
      ? line
      : line
          .replace(comment, '')
          .replace(/\]\((?![a-z]+:|#)([^)\s]+)\)/g, (_, link: string) => `](${onSite(file, link, all, files)})`);
  });
  return { text: lines.join('\n'), files };
}

function onSite(file: string, link: string, all: ReadonlySet<string>, files: Map<string, string>): string {
  const [path = '', heading] = link.split('#');
  const target = posix.join(posix.dirname(file), path).replace(/\/$/, '');
  const anchor = heading === undefined ? '' : `#${heading}`;
  const page = pageOf(target);
  if (page !== undefined && all.has(target)) return `/${page}${anchor}`;
  if (target === samples) return `/${samplesPage}`;
  if (!all.has(target))
    throw new Error(`${file} links to ${link}, which is no file of the repository: the site cannot show it.`);
  if (target.startsWith(`${samples}/`)) return `/${samplesPage}#${anchorOf(posix.basename(target))}`;
  if (target.startsWith('docs/') && target.endsWith('.svg')) {
    files.set(target.slice('docs/'.length), target);
    return `/${target.slice('docs/'.length)}`;
  }
  // A name without an extension would be taken for a page.
  const raw = `files/${target}${posix.extname(target) === '' ? '.txt' : ''}`;
  files.set(`public/${raw}`, target);
  return `/${raw}`;
}
