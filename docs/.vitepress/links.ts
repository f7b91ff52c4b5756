// Links that lead out of docs/, as the pages have them for readers of the repository: to other pages, or to sources, which the site shows as text.
import { cpSync, mkdirSync, statSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import type { MarkdownRenderer } from 'vitepress'
import { root, targetOf } from './repository.ts'

const sources = new Set<string>()

/** Makes the relative links of pages absolute on the site, where a folder is not shown. A link that leads nowhere ends the build. */
export function links(md: MarkdownRenderer): void {
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    const page = relative(root, env.realPath ?? env.path)
    if (page.startsWith('docs/api/')) return // VitePress checks these
    for (const { children } of tokens) {
      for (const token of children ?? []) {
        const href = token.type === 'link_open' ? token.attrGet('href') : null
        const target = href === null ? undefined : targetOf(page, href)
        if (target === null) throw new Error(`${page} links to ${href}, which is not there`)
        if (href === null || target === undefined || href.startsWith('#')) continue
        if (statSync(resolve(root, target)).isDirectory()) token.attrs = []
        else token.attrSet('href', `${onSite(target)}${/[#?].*/.exec(href)?.[0] ?? ''}`)
      }
    }
  })
}

/** Where the site has a file of the repository. */
function onSite(target: string): string {
  if (target.endsWith('.md')) return `/${target.replace(/^docs\//, '')}`
  sources.add(target)
  return `/${target}.txt`
}

/** Puts the sources that pages link to beside the built pages. */
export function copySources(outDir: string): void {
  for (const source of sources) {
    const to = resolve(outDir, `${source}.txt`)
    mkdirSync(dirname(to), { recursive: true })
    cpSync(resolve(root, source), to)
  }
}
