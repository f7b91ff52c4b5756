import { type Figure, meets } from '../kit/figures.ts'
import { markdownTable } from '../kit/page.ts'
import { shown } from '../kit/table.ts'
import { type StoreMachine, storeMachineLine } from './machine.ts'
import { type Section, titles } from './sections.ts'

/** The figures as the page of the stores shows them. */
export function figuresOnPage(machine: StoreMachine, figures: readonly Figure[]): string {
  const sections = Object.keys(titles) as Section[]
  const parts = sections.map((section) => sectionOf(section, figures)).filter((part) => part !== '')
  return [`Measured on ${storeMachineLine(machine)}.`, ...parts].join('\n\n')
}

/** What is ours, each beside what it is to be seen beside. */
function sectionOf(section: Section, all: readonly Figure[]): string {
  const own = all.filter((figure) => figure.section === section)
  const besides = new Set(own.map(({ beside }) => beside))
  const rows = own.filter(({ id, beside }) => beside !== undefined || !besides.has(id) || section === 'pending')
  if (rows.length === 0) return ''
  if (section === 'space')
    return markdownTable(
      [titles.space, ''],
      rows.map(({ what, value }) => [what, shown(value)]),
    )
  return markdownTable(
    [titles[section], 'ours', 'beside', 'ratio', 'goal'],
    rows.map((figure) => {
      const bare = all.find(({ id }) => id === figure.beside)
      const met = meets(figure.goal, figure, all)
      const ratio = figure.ratio === undefined ? '' : figure.ratio.toFixed(2)
      const beside = bare === undefined ? '' : `${shown(bare.value)}, ${bare.what}`
      return [figure.what, shown(figure.value), beside, ratio, met === undefined ? '' : met ? 'met' : 'missed']
    }),
  )
}
