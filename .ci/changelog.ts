// Of CHANGELOG.md, as Keep a Changelog has it: each version under a heading of its own, the newest first, what is not released above all.

const unreleased = '## [Unreleased]'

/** The text of a version's section. Throws where there is none. */
export function sectionOf(changelog: string, version: string): string {
  const lines = changelog.split('\n')
  const start = lines.findIndex((line) => line.startsWith(`## [${version}]`))
  if (start < 0) throw new Error(`CHANGELOG.md has no section "## [${version}]"`)
  const length = lines.slice(start + 1).findIndex((line) => line.startsWith('## '))
  return lines
    .slice(start + 1, length < 0 ? undefined : start + 1 + length)
    .join('\n')
    .trim()
}

/** The changelog once a version is released: what was unreleased stands under it. Throws where that is nothing, or the version is no step on. */
export function released(changelog: string, version: string, date: string): string {
  const parts = partsOf(version)
  if (parts === undefined) throw new Error(`"${version}" is no version: give one like 0.2.0`)
  if (sectionOf(changelog, 'Unreleased') === '') throw new Error('CHANGELOG.md tells of nothing new: there is nothing to release')
  const last = /^## \[(\d[^\]]*)\]/m.exec(changelog)?.[1]
  if (last !== undefined && compare(parts, partsOf(last) ?? []) <= 0) throw new Error(`${version} does not come after ${last}`)
  return changelog.replace(unreleased, `${unreleased}\n\n## [${version}] - ${date}`)
}

const partsOf = (version: string) => (/^\d+\.\d+\.\d+$/.test(version) ? version.split('.').map(Number) : undefined)

/** Below 0 if `one` comes first. */
function compare(one: readonly number[], other: readonly number[]): number {
  for (const [index, part] of one.entries()) if (part !== other[index]) return part - (other[index] ?? 0)
  return 0
}
