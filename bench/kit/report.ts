import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Figure, Titles } from './figures.ts'
import type { Machine } from './machine.ts'
import { pageWith } from './page.ts'

/** What a benchmark found, and on what. */
export interface Report<M extends Machine = Machine> {
  readonly machine: M
  readonly quick: boolean
  readonly figures: readonly Figure[]
}

/** Where a report is published, and in what shape. */
export interface Publication<M extends Machine = Machine> {
  /** The npm script that publishes, as the page's marker names it. */
  readonly command: string
  readonly titles: Titles
  /** Files, absolute. */
  readonly results: string
  readonly chart: string
  readonly page: string
  chartOf(report: Report<M>): string
  figuresOnPage(report: Report<M>): string
}

/** Writes the figures, the chart, and the page that shows both. With `isPart`, sections that were not measured stay as they were published. */
export async function publish<M extends Machine>(publication: Publication<M>, report: Report<M>, isPart: boolean): Promise<void> {
  const { command, titles, results, chart, page } = publication
  const whole = isPart ? [...(await others(results, report.figures)), ...report.figures] : report.figures
  const published = { ...report, figures: inOrder(titles, whole) }
  await mkdir(dirname(results), { recursive: true })
  await writeFile(results, `${JSON.stringify(published, null, 2)}\n`)
  await writeFile(chart, publication.chartOf(published))
  await writeFile(page, pageWith(await readFile(page, 'utf8'), command, publication.figuresOnPage(published)))
}

/** Figures in the order of their sections. */
export function inOrder(titles: Titles, figures: readonly Figure[]): readonly Figure[] {
  const sections = Object.keys(titles)
  return figures.toSorted((a, b) => sections.indexOf(a.section) - sections.indexOf(b.section))
}

/** What was published before and is not measured anew: whole sections, so that each figure stands beside those of its own run. */
async function others(results: string, figures: readonly Figure[]): Promise<readonly Figure[]> {
  const measured = new Set(figures.map(({ section }) => section))
  const published = JSON.parse(await readFile(results, 'utf8').catch(() => '{ "figures": [] }')) as Report
  return published.figures.filter(({ section }) => !measured.has(section))
}
