// The pages are read in the repository and on the site, under the same relative links and anchors.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')

/** The Markdown files that people read, relative to the repository; without the API reference, which is generated. */
export const pages = globSync(['*.md', 'docs/*.md', 'docs/{guides,providers}/**/*.md', 'examples/**/*.md'], { cwd: root }).sort()

/** Without what stands in code, where a bracket is no link and a # no heading. */
const prose = (page: string) => readFileSync(resolve(root, page), 'utf8').replace(/^( *)(```|~~~).*?^\1\2/gms, '')

/** The links and images of a page, as they are written. */
export function linksOf(page: string): readonly string[] {
  return [
    ...prose(page)
      .replace(/`[^`\n]+`/g, '')
      .matchAll(/\]\(<?([^)\s>]+)/g),
  ].map(([, href]) => href!)
}

/** The anchors of a page, one for each heading. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of prose(page).matchAll(/^#{1,6} (.*)$/gm)) {
    const anchor = slug(heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/[`*]/g, ''))
    let unique = anchor
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`
    anchors.add(unique)
  }
  return anchors
}

/** The anchor that GitHub gives to a heading; the site gives the same. */
export function slug(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-')
}

/**
 * The file or folder that a page's link leads to, relative to the repository: `null` if there is none, `undefined` for a link that is not
 * relative.
 */
export function targetOf(page: string, href: string): string | null | undefined {
  if (/^([a-z][a-z\d+.-]*:|\/)/i.test(href)) return undefined
  const [path = ''] = href.split(/[#?]/)
  const name = path === '' ? page : relative(root, resolve(root, dirname(page), decodeURI(path)))
  return name.startsWith('..') || !existsSync(resolve(root, name)) ? null : name
}
