// The few shapes that the chart needs, as text.

/** Where a panel is, and how large. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** A line of a panel: its points, its colour's class, its name. */
export interface Line {
  readonly name: string
  readonly look: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

/** A bar of a panel, with a thin one behind it that ours is seen beside. */
export interface Bar {
  readonly name: string
  readonly value: number
  readonly beside?: number
  /** Default `ours`. */
  readonly look?: 'ours' | 'bare'
}

/** A panel as it was drawn. */
export interface Panel {
  readonly shape: string
  readonly height: number
}

const style = `
  text { font: 12px system-ui, sans-serif; fill: #57606a }
  .title { font-weight: 600; font-size: 14px; fill: #24292f }
  .end { text-anchor: end } .middle { text-anchor: middle }
  .ours { fill: #2f81f7 } .bare { fill: #8c959f }
  .grid { stroke: #8c959f; stroke-opacity: .25; fill: none }
  .line { fill: none; stroke-width: 2 } .dashed { stroke-dasharray: 4 3 }
  .one { stroke: #2f81f7 } .two { stroke: #2da44e } .three { stroke: #bf8700 }
  .mark-one { fill: #2f81f7 } .mark-two { fill: #2da44e } .mark-three { fill: #bf8700 }
  @media (prefers-color-scheme: dark) { text { fill: #9198a1 } .title { fill: #e6edf3 } }`

/** A picture on no ground of its own, for light pages and dark ones. */
function picture(width: number, height: number, label: string, parts: readonly string[]): string {
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(label)}">`
  return `${head}\n<style>${style}\n</style>\n${parts.join('\n')}\n</svg>\n`
}

/** Panels one below the other, and a line of words under them; one that has nothing to show is undefined. */
export function stacked(
  label: string,
  panels: readonly ((place: Pick<Box, 'x' | 'y' | 'width'>) => Panel | undefined)[],
  footer: string,
): string {
  const parts: string[] = []
  let y = 16
  for (const panel of panels) {
    const drawn = panel({ x: 16, width: 830, y })
    if (drawn === undefined) continue
    parts.push(drawn.shape)
    y += drawn.height + 20
  }
  const rows = wrapped(footer)
  parts.push(...rows.map((text, index) => words(16, y + 12 + index * 16, text)))
  return picture(860, y + 20 + 16 * rows.length, label, parts)
}

/** A text at a place. */
function words(x: number, y: number, text: string, look = ''): string {
  return `<text x="${round(x)}" y="${round(y)}"${look && ` class="${look}"`}>${escaped(text)}</text>`
}

/** Bars from the left, one below the other, on one scale. */
export function bars(title: string, { x, y, width, height }: Box, given: readonly Bar[]): string {
  const most = Math.max(...given.flatMap(({ value, beside = 0 }) => [value, beside]))
  const names = 250
  const row = (height - 30) / given.length
  const parts = given.map(({ name, value, beside, look = 'ours' }, index) => {
    const top = y + 30 + index * row
    const long = (of: number) => (of / most) * (width - names - 90)
    const label = beside === undefined ? short(value) : `${short(value)} of ${short(beside)}`
    const behind = beside === undefined ? '' : rect(x + names, top + row * 0.62, long(beside), row * 0.18, 'bare')
    return [
      words(x + names - 8, top + row * 0.55, name, 'end'),
      rect(x + names, top + row * 0.15, long(value), row * 0.42, look),
      behind,
      words(x + names + long(Math.max(value, beside ?? 0)) + 6, top + row * 0.6, label),
    ].join('')
  })
  return [words(x, y + 12, title, 'title'), ...parts].join('\n')
}

/** Lines over a few named places on the horizontal axis, which stand evenly. */
export function lines(title: string, box: Box, ticks: readonly string[], given: readonly Line[], unit: string): string {
  const { x, y, width, height } = box
  const [left, bottom, top, right] = [x + 46, y + height - 22, y + 46, x + width - 150]
  const most = niceTop(Math.max(...given.flatMap(({ points }) => points.map(([, value]) => value))))
  const across = (place: number) => left + ((right - left) * place) / Math.max(1, ticks.length - 1)
  const up = (value: number) => bottom - ((bottom - top) * value) / most
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const at = round(up(share * most))
    return `<path class="grid" d="M${left} ${at}H${right}"/>${words(left - 6, at + 4, short(share * most), 'end')}`
  })
  const drawn = given.map(({ look, points }) => {
    const [colour = ''] = look.split(' ')
    const path = points.map(([place, value], index) => `${index === 0 ? 'M' : 'L'}${round(across(place))} ${round(up(value))}`)
    const marks = points.map(
      ([place, value]) => `<circle class="mark-${colour}" cx="${round(across(place))}" cy="${round(up(value))}" r="3"/>`,
    )
    return `<path class="line ${look}" d="${path.join('')}"/>${marks.join('')}`
  })
  const names = apart(given.map(({ points }) => up(points.at(-1)?.[1] ?? 0))).map((at, index) =>
    words(right + 10, at + 4, given[index]?.name ?? ''),
  )
  return [
    words(x, y + 12, title, 'title'),
    words(left, top - 12, unit),
    ...grid,
    ...ticks.map((tick, place) => words(across(place), bottom + 16, tick, 'middle')),
    ...drawn,
    ...names,
  ].join('\n')
}

/** Heights moved apart so that their names do not overlap. */
function apart(heights: readonly number[]): number[] {
  const order = heights.map((height, index) => ({ height, index })).sort((a, b) => a.height - b.height)
  let last = Number.NEGATIVE_INFINITY
  const moved: number[] = []
  for (const { height, index } of order) {
    last = Math.max(height, last + 14)
    moved[index] = last
  }
  return moved
}

/** Lines of a length that fits. */
function wrapped(text: string, most = 130): string[] {
  const rows = ['']
  for (const word of text.split(' ')) {
    const row = rows.at(-1) ?? ''
    if (row.length + word.length > most) rows.push(word)
    else rows[rows.length - 1] = `${row} ${word}`.trim()
  }
  return rows
}

function rect(x: number, y: number, width: number, height: number, look: string): string {
  return `<rect class="${look}" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="1"/>`
}

function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 4, 6, 8, 10].find((step) => step * power >= value) ?? 10) * power
}

function short(value: number): string {
  if (value >= 1000) return `${Number((value / 1000).toPrecision(2))}k`
  return String(Number(value.toPrecision(2)))
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
