import { type Figure, meetsGoal, type Section, sections } from './figures.ts'

/** What each section is about. */
export const titles: Readonly<Record<Section, string>> = {
  throughput: 'Throughput to `accepted` (two writes each), notifications a second',
  latency: 'How long `send` takes, in milliseconds',
  'wake-up': 'How late what is due is begun in another process, in milliseconds',
  workers: 'A backlog worked off by 1 to 4 processes, notifications a second',
  receipts: 'Receipts that find their attempt and are stored, receipts a second',
  pending: 'What one costs while others wait, in milliseconds',
  space: 'What one that waits takes up, in bytes',
}

/** All figures as a table for people. */
export function tableOf(figures: readonly Figure[]): string {
  return sections
    .filter((section) => figures.some((figure) => figure.section === section))
    .map((section) => sectionOf(section, figures))
    .join('\n\n')
}

function sectionOf(section: Section, all: readonly Figure[]): string {
  const rows = all.filter((figure) => figure.section === section)
  const width = Math.max(...rows.map(({ what }) => what.length))
  const lines = rows.map((figure) => {
    const bare = all.find(({ id }) => id === figure.beside)
    const beside =
      figure.ratio === undefined
        ? ''
        : `${figure.ratio.toFixed(2).padStart(7)} of ${shown(bare?.value ?? Number.NaN)}  ${bare?.what ?? ''}`
    return `  ${figure.what.padEnd(width)} ${shown(figure.value).padStart(9)} ${verdict(figure).padEnd(10)}${beside}`.trimEnd()
  })
  return [titles[section], ...lines].join('\n')
}

function verdict(figure: Figure): string {
  const met = meetsGoal(figure)
  return met === undefined ? '' : met ? 'goal met' : 'GOAL MISSED'
}

/** A number for people. */
export function shown(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
