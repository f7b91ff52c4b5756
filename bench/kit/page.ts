/** The page with what stands between its markers of a benchmark replaced; `command` names the benchmark. */
export function pageWith(page: string, command: string, figures: string): string {
  const begin = `<!-- figures: ${command} -->`
  const end = '<!-- end of figures -->'
  const [before, rest] = page.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`the page has no ${begin} … ${end}`)
  return [before, begin, '\n\n', figures, '\n\n', end, after].join('')
}

/** A table in Markdown; all columns but the first hold numbers. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`.replaceAll('  ', ' ')
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}
