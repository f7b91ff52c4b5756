import { type Figure, isOurs, meets } from './kit/figures.ts'
import { machineLine } from './kit/machine.ts'
import { markdownTable } from './kit/page.ts'
import type { Report } from './kit/report.ts'
import { shown, wanted } from './kit/table.ts'
import { type Section, titles } from './sections.ts'

/** The figures as `docs/performance.md` shows them: a table for each section. */
export function figuresOnPage({ machine, figures }: Report): string {
  const sections = Object.keys(titles) as Section[]
  const tables = sections
    .filter((section) => figures.some((figure) => figure.section === section))
    .map((section) => `### ${titles[section]}\n\n${tableOf(section, figures)}`)
  return [`Measured on ${machineLine(machine)}.`, ...tables].join('\n\n')
}

function tableOf(section: Section, all: readonly Figure[]): string {
  const own = all.filter((figure) => figure.section === section)
  const groups = [...new Set(own.map(({ group }) => group))]
  const rows = groups.flatMap((group) => {
    const members = own.filter((figure) => figure.group === group).map((figure) => rowOf(figure, all))
    return group === undefined ? members : [[`**${group}**`, '', '', '', ''], ...members]
  })
  return markdownTable(['', 'measured', 'of its limit', 'of the best peer', 'goal'], rows)
}

function rowOf(figure: Figure, all: readonly Figure[]): string[] {
  const { what, value, unit, ratio, peerRatio } = figure
  return [isOurs(figure) ? `**${what}**` : what, `${shown(value)} ${unit}`, times(ratio), times(peerRatio), goalOf(figure, all)]
}

const times = (ratio: number | undefined) => (ratio === undefined ? '' : `${shown(ratio)}×`)

function goalOf(figure: Figure, all: readonly Figure[]): string {
  const { goal, moonshot } = figure
  const parts = [
    goal && `${wanted(goal)} ${meets(goal, figure, all) ? 'met' : 'missed'}`,
    moonshot && `moonshot ${wanted(moonshot)} ${meets(moonshot, figure, all) ? 'met' : 'missed'}`,
  ]
  return parts.filter(Boolean).join(', ')
}
