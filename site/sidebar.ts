/** The site's navigation: the groups of docs/README.md, in its order, between what comes before them and what is about the project. */
import { pageOf, samplesPage } from './paths.ts';
import { schemasPage } from './schemas.ts';

export interface Item {
  readonly text: string;
  readonly link: string;
}
export interface Group {
  readonly text: string;
  readonly items: readonly Item[];
  readonly collapsed?: boolean;
}

/** `index` is the text of docs/README.md; `has` says whether a file of the repository is there. */
export function sidebarOf(index: string, has: (file: string) => boolean): readonly Group[] {
  const page = (text: string, file: string): readonly Item[] => {
    const to = pageOf(file);
    return to === undefined || !has(file) ? [] : [{ text, link: `/${to === 'index.md' ? '' : to}` }];
  };
  return [
    {
      text: 'Start',
      items: [
        ...page('Overview', 'README.md'),
        ...page('All pages', 'docs/README.md'),
        { text: 'Samples', link: `/${samplesPage}` },
        ...page('Helm chart', 'deploy/helm/acronis-upsell-operator/README.md'),
        ...page('Upgrading', 'UPGRADE.md'),
      ],
    },
    ...groupsOf(index).map((group) =>
      group.text === 'Reference'
        ? { ...group, items: [...group.items, { text: 'Schemas', link: `/${schemasPage}` }] }
        : group,
    ),
    {
      text: 'Project',
      items: [
        ...page('Changes', 'CHANGELOG.md'),
        ...page('Contributing', 'CONTRIBUTING.md'),
        ...page('Security', 'SECURITY.md'),
      ],
    },
  ];
}

/** A heading of the second level is a group. Its items are `- [text](link): …`, or rows of a table `| … | [number](link) | text |`. */
function groupsOf(index: string): readonly Group[] {
  return index
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [text = ''] = section.split('\n');
      const listed = [...section.matchAll(/^- \[([^\]]+)\]\(([^)#]+\.md)\)/gm)].flatMap(([, title, link]) =>
        itemOf(title, link),
      );
      const tabled = [...section.matchAll(/^\|[^|]*\| \[(\d+)\]\(([^)]+)\) \| (.*) \|$/gm)].flatMap(
        ([, number, link, title]) => itemOf(`${number} ${title}`, link),
      );
      return { text: text.trim(), items: [...listed, ...tabled], ...(tabled.length > 0 ? { collapsed: true } : {}) };
    })
    .filter(({ items }) => items.length > 0);
}

const itemOf = (text: string | undefined, link: string | undefined): readonly Item[] =>
  text === undefined || link === undefined ? [] : [{ text: text.replaceAll('`', ''), link: `/${link}` }];
