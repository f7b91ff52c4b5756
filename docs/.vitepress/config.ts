import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { defineConfig } from 'vitepress'
import { diagrams } from './diagrams.ts'
import { copySources, links } from './links.ts'
import { root, slug } from './repository.ts'
import { sidebar } from './sidebar.ts'

const api = resolve(root, 'docs/api/typedoc-sidebar.json')

export default defineConfig({
  title: 'omnicascade',
  description:
    'Embeddable notification cascades: try channel after channel until one delivers, durably, inside your own Node process.',
  // The whole repository, for the pages at its root; those of docs/ are at the root of the site.
  srcDir: '..',
  srcExclude: ['{src,test,bench,dist,coverage,reports}/**', 'README.md'],
  rewrites: { 'docs/:page*': ':page*' },
  lastUpdated: false,
  markdown: {
    anchor: { slugify: slug },
    config: (md) => {
      md.use(links).use(diagrams)
      // Templates in code are not Vue's.
      md.renderer.rules.code_inline = (tokens, index) => `<code v-pre>${md.utils.escapeHtml(tokens[index]!.content)}</code>`
    },
  },
  buildEnd: ({ outDir }) => copySources(outDir),
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Start here', link: '/start' },
      { text: 'Concepts', link: '/concepts' },
      { text: 'Guides', link: '/guides/' },
      { text: 'API', link: '/api/' },
    ],
    sidebar: {
      '/': [...sidebar],
      '/api/': existsSync(api) ? JSON.parse(readFileSync(api, 'utf8')) : [],
    },
  },
})
