import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { anchorsOf, linksOf, pages, root, slug, targetOf } from '../../docs/.vitepress/repository.ts'
import { sidebar } from '../../docs/.vitepress/sidebar.ts'

/** What is wrong with a link of a page, if anything is. */
function fault(page: string, href: string): string | undefined {
  const target = targetOf(page, href)
  if (target === undefined) return href.startsWith('/') ? `${page}: ${href} works on the site alone` : undefined
  if (target === null) return `${page}: ${href} leads nowhere`
  const [, anchor] = href.split('#')
  if (anchor === undefined || !target.endsWith('.md') || anchorsOf(target).has(decodeURI(anchor))) return undefined
  return `${page}: ${target} has no heading #${anchor}`
}

describe('the pages', () => {
  test('of README, docs and examples link to files and headings that are there', () => {
    const links = pages.flatMap((page) => linksOf(page).map((href) => [page, href] as const))
    expect(pages).toEqual(
      expect.arrayContaining(['README.md', 'docs/cascade.md', 'docs/providers/twilio.md', 'docs/guides/index.md']),
    )
    expect(links.length).toBeGreaterThan(150)
    expect(links.flatMap(([page, href]) => fault(page, href) ?? [])).toEqual([])
  })

  test('would be reported, did they link elsewhere', () => {
    expect(fault('docs/cascade.md', 'stors.md')).toContain('leads nowhere')
    expect(fault('docs/cascade.md', '../../elsewhere.md')).toContain('leads nowhere')
    expect(fault('docs/cascade.md', '/stores')).toContain('on the site alone')
    expect(fault('docs/cascade.md', 'stores.md#redis')).toContain('no heading #redis')
    expect(fault('docs/cascade.md', '#outcome')).toContain('no heading #outcome')
    expect(fault('docs/cascade.md', '#outcomes')).toBeUndefined()
    expect(fault('docs/cascade.md', 'https://example.org/x.md')).toBeUndefined()
  })

  test('of docs show images as Markdown, for the site finds those alone', () => {
    const raw = pages.filter((page) => page.startsWith('docs/') && /^<img /m.test(readFileSync(resolve(root, page), 'utf8')))
    expect(raw).toEqual([])
  })

  test('have the anchors that GitHub gives', () => {
    expect(slug('How long is within?')).toBe('how-long-is-within')
    expect(slug('SQLite, Postgres & co.')).toBe('sqlite-postgres--co')
    expect(slug('Čas `sendAt_ms`'.replaceAll('`', ''))).toBe('čas-sendat_ms')
  })

  test('of docs have their place in the sidebar of the site, each once', () => {
    const linked = (items: typeof sidebar): string[] =>
      items.flatMap(({ link, items: inner }) => [...(link ? [link] : []), ...linked(inner ?? [])])
    const inDocs = pages.filter((page) => page.startsWith('docs/') && page !== 'docs/index.md')
    const onSite = inDocs.map((page) => page.replace(/^docs|(index)?\.md$/g, ''))
    const sections = linked(sidebar).filter((link) => link.includes('#'))
    expect(sections.flatMap((link) => fault('docs/index.md', link.replace(/^\/(.*)#/, '$1.md#')) ?? [])).toEqual([])
    const whole = linked(sidebar).filter((link) => !link.includes('#'))
    expect(whole.sort()).toEqual([...onSite, '/api/', '/CHANGELOG', '/CONTRIBUTING', '/SECURITY'].sort())
  })
})
