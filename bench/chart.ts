import { type Figure, isOurs } from './kit/figures.ts'
import { machineLine } from './kit/machine.ts'
import type { Report } from './kit/report.ts'
import { type Box, bars, type Panel, stacked } from './kit/svg.ts'
import { type Section, titles } from './sections.ts'

/** All figures that have something to be compared with as bars, a panel for each group. Ours are blue. */
export function chartOf({ machine, figures }: Report): string {
  const sections = Object.keys(titles) as Section[]
  const panels = sections.flatMap((section) => {
    const own = figures.filter((figure) => figure.section === section)
    const groups = [...new Set(own.map(({ group }) => group))]
    return groups.map((group) => {
      const title = group === undefined ? titles[section] : `${titles[section]}: ${group}`
      return panelOf(
        title,
        own.filter((figure) => figure.group === group),
      )
    })
  })
  return stacked('How fast omnicascade is, beside its peers and what is possible', panels, machineLine(machine))
}

const panelOf =
  (title: string, figures: readonly Figure[]) =>
  (place: Pick<Box, 'x' | 'y' | 'width'>): Panel | undefined => {
    if (figures.length < 2) return undefined
    const height = 30 + 20 * figures.length
    const rows = figures.map((figure) => {
      const { what: name, value } = figure
      return { name, value, look: isOurs(figure) ? 'ours' : 'bare' } as const
    })
    return { shape: bars(title, { ...place, height }, rows), height }
  }
