/** VitePress's own theme with a version menu, diagrams, and tables that a phone can show. */
import type { Theme } from 'vitepress';
import DefaultTheme from 'vitepress/theme';
import { h } from 'vue';
import Diagram from './Diagram.vue';
import VersionMenu from './VersionMenu.vue';
import './style.css';

const theme: Theme = {
  extends: DefaultTheme,
  // In the bar where there is room, on a phone in the menu that the bar opens: style.css shows one of them.
  Layout: () =>
    h(DefaultTheme.Layout, null, {
      'nav-bar-content-after': () => h(VersionMenu),
      'nav-screen-content-after': () => h(VersionMenu),
    }),
  enhanceApp: ({ app }) => {
    app.component('Diagram', Diagram);
  },
};
export default theme;
