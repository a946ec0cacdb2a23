/** How VitePress builds one version: what build.ts hands over, and links and anchors as GitHub makes them. */
import { type DefaultTheme, defineConfigWithTheme } from 'vitepress';
import type { Built } from '../build.ts';
import { anchorOf } from '../paths.ts';

const { version, versions, base, sidebar } = builtFrom(process.env['SITE_BUILD']);
const repository = process.env['SITE_REPOSITORY'];

/** The type is build.ts's own, which sets the variable in this process. */
function builtFrom(text: string | undefined): Built {
  if (text === undefined)
    throw new Error('Build the site with `npm run site`, not with vitepress: SITE_BUILD is not set.');
  return JSON.parse(text);
}

/** The theme's own settings, and what the version menu shows. */
interface ThemeConfig extends DefaultTheme.Config {
  readonly versions: readonly { readonly label: string; readonly href: string }[];
  readonly version: string;
}

export default defineConfigWithTheme<ThemeConfig>({
  title: 'Acronis upsell operator',
  description: 'Keeps users of Acronis Cyber Protect Cloud marked as buyers, from Kubernetes objects',
  lang: 'en',
  srcDir: 'dist/pages',
  base: `${base}${version.path}`,
  lastUpdated: false,
  metaChunk: true,
  markdown: {
    // What looks like a tag in the text is text.
    html: false,
    anchor: { slugify: anchorOf },
    config: (md) => {
      // Braces in the text are text, and nothing for Vue to evaluate.
      for (const rule of ['text', 'code_inline'] as const) {
        const render = md.renderer.rules[rule];
        md.renderer.rules[rule] = (tokens, at, options, env, self) =>
          (render?.(tokens, at, options, env, self) ?? '').replaceAll('{{', '&#123;&#123;');
      }
      const fence = md.renderer.rules.fence;
      md.renderer.rules.fence = (tokens, at, options, env, self) => {
        const token = tokens[at];
        if (token?.info.trim() === 'mermaid') return `<Diagram source="${encodeURIComponent(token.content)}" />`;
        return fence?.(tokens, at, options, env, self) ?? '';
      };
    },
  },
  // None is asked for that is not there.
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  themeConfig: {
    sidebar: sidebar.map((group) => ({ ...group, items: [...group.items] })),
    outline: { level: [2, 3] },
    search: { provider: 'local', options: { detailedView: true } },
    ...(repository === undefined ? {} : { socialLinks: [{ icon: 'github', link: repository }] }),
    footer: { message: 'Neither made nor endorsed by Acronis. Apache-2.0.' },
    // Of our own: the version menu.
    versions: versions.map(({ label, path }) => ({ label, href: `${base}${path}` })),
    version: version.label,
  },
  vite: { build: { chunkSizeWarningLimit: 4000 } },
});
