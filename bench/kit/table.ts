import { type Figure, type Goal, meets, type Titles } from './figures.ts'

/** All figures as a table for people. */
export function tableOf(titles: Titles, figures: readonly Figure[]): string {
  return Object.keys(titles)
    .filter((section) => figures.some((figure) => figure.section === section))
    .map((section) => sectionOf(section, titles, figures))
    .join('\n\n')
}

function sectionOf(section: string, titles: Titles, all: readonly Figure[]): string {
  const own = all.filter((figure) => figure.section === section)
  const width = Math.max(...own.map(({ what }) => what.length))
  const groups = [...new Set(own.map(({ group }) => group))]
  const lines = groups.flatMap((group) => {
    const rows = own.filter((figure) => figure.group === group).map((figure) => lineOf(figure, all, width))
    return group === undefined ? rows : [` ${group}`, ...rows]
  })
  return [titles[section], ...lines].join('\n')
}

function lineOf(figure: Figure, all: readonly Figure[], width: number): string {
  const { what, value, unit, beside, ratio, bestPeer, peerRatio } = figure
  const cells = [
    what.padEnd(width),
    shown(value).padStart(9),
    unit.padEnd(5),
    verdict(figure, all).padEnd(11),
    ratioOf(ratio, beside, all),
    ratioOf(peerRatio, bestPeer, all),
  ]
  return `  ${cells.join(' ')}`.trimEnd()
}

function ratioOf(ratio: number | undefined, id: string | undefined, all: readonly Figure[]): string {
  const other = all.find((figure) => figure.id === id)
  if (ratio === undefined || other === undefined) return ''
  return `${ratio.toFixed(2).padStart(7)} of ${shown(other.value)}, ${other.what}`
}

function verdict(figure: Figure, all: readonly Figure[]): string {
  const met = meets(figure.goal, figure, all)
  if (met === false) return 'GOAL MISSED'
  return meets(figure.moonshot, figure, all) ? 'MOONSHOT' : met ? 'goal met' : ''
}

/** What a goal asks for, in a few characters. */
export function wanted(goal: Goal): string {
  if ('least' in goal) return `≥ ${shown(goal.least)}`
  if ('most' in goal) return `≤ ${shown(goal.most)}`
  return 'ratioAtLeast' in goal ? `≥ ${goal.ratioAtLeast}×` : `≤ ${goal.ratioAtMost}×`
}

/** A number for people. */
export function shown(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
