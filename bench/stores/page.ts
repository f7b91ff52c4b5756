import { type Figure, meetsGoal, type Section, sections } from './figures.ts'
import { type Machine, machineLine } from './machine.ts'
import { shown, titles } from './table.ts'

const begin = '<!-- figures: npm run bench:stores -->'
const end = '<!-- end of figures -->'

/** The page with its figures replaced by these. */
export function pageWith(page: string, machine: Machine, figures: readonly Figure[]): string {
  const [before, rest] = page.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`the page has no ${begin} … ${end}`)
  const parts = sections.map((section) => sectionOf(section, figures)).filter((part) => part !== '')
  return [before, begin, `\n\nMeasured on ${machineLine(machine)}.\n\n`, parts.join('\n\n'), `\n\n`, end, after].join('')
}

/** What is ours, each beside what it is to be seen beside. */
function sectionOf(section: Section, all: readonly Figure[]): string {
  const own = all.filter((figure) => figure.section === section)
  const besides = new Set(own.map(({ beside }) => beside))
  const rows = own.filter(({ id, beside }) => beside !== undefined || !besides.has(id) || section === 'pending')
  if (rows.length === 0) return ''
  if (section === 'space')
    return table(
      [titles.space, ''],
      rows.map(({ what, value }) => [what, shown(value)]),
    )
  return table(
    [titles[section], 'ours', 'beside', 'ratio', 'goal'],
    rows.map((figure) => {
      const bare = all.find(({ id }) => id === figure.beside)
      const met = meetsGoal(figure)
      const ratio = figure.ratio === undefined ? '' : figure.ratio.toFixed(2)
      const beside = bare === undefined ? '' : `${shown(bare.value)}, ${bare.what}`
      return [figure.what, shown(figure.value), beside, ratio, met === undefined ? '' : met ? 'met' : 'missed']
    }),
  )
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`.replaceAll('  ', ' ')
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}
