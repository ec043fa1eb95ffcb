import { defineConfig } from 'vitepress';

const repository = 'https://github.com/espalier-ml/espalier';

/** The site; a link that leads nowhere fails its build. */
export default defineConfig({
  title: 'espalier',
  description: 'Multi-task learning for TypeScript, on TensorFlow.js',
  cleanUrls: true,
  lastUpdated: false,
  markdown: {
    config(markdown) {
      // In the repository, pages and READMEs link to each other's files; on the site, READMEs are elsewhere.
      const render = markdown.renderer.rules.link_open;
      markdown.renderer.rules.link_open = (tokens, index, options, environment, self) => {
        const href = tokens[index].attrGet('href') ?? '';
        const outside = /^(?:\.\.\/)+((?:packages|examples)\/.*|CONTRIBUTING\.md)$/.exec(href);
        if (outside) tokens[index].attrSet('href', `${repository}/blob/main/${outside[1]}`);
        return (
          render?.(tokens, index, options, environment, self) ?? self.renderToken(tokens, index, options)
        );
      };
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: repository }],
    nav: [
      { text: 'Tutorial', link: '/tutorial' },
      { text: 'Which method?', link: '/choose' },
      { text: 'Reference', link: '/reference/' },
    ],
    sidebar: [
      { text: 'Begin', items: [{ text: 'From one task to six methods', link: '/tutorial' }] },
      {
        text: 'How to',
        items: [
          { text: 'Choose sharing and combiner', link: '/choose' },
          { text: 'Use data of your own', link: '/guides/own-data' },
          { text: 'Learn from partial labels', link: '/guides/partial-labels' },
          { text: 'Begin with a pretrained trunk', link: '/guides/pretrained-trunk' },
          { text: 'Find and cure negative transfer', link: '/guides/negative-transfer' },
          { text: 'Compare on many machines', link: '/guides/many-machines' },
          { text: 'Order tasks, rates and batches', link: '/guides/schedules' },
          { text: 'Train in a loop of your own', link: '/guides/own-loop' },
          { text: 'Train on many machines', link: '/guides/cluster' },
          { text: 'Save, export and serve', link: '/guides/export' },
          { text: 'Use a GPU', link: '/guides/gpu' },
          { text: 'Write a task head', link: '/write-a-head' },
        ],
      },
      {
        text: 'Understand',
        items: [
          { text: 'What multi-task learning is', link: '/explanation' },
          { text: 'Loss combiners', link: '/loss-combiners' },
          { text: 'On paper, toward internet scale', link: '/cluster-cost' },
          { text: 'Architecture', link: '/architecture' },
        ],
      },
      { text: 'Look up', items: [{ text: 'Reference', link: '/reference/' }] },
    ],
  },
});
