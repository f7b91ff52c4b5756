import type { Course, Stretch } from './course.ts'
import { bar } from './lane.ts'
import { mark, meaningOf, round } from './marks.ts'
import { element, widthOf, words } from './svg.ts'

const bars = { call: 'call', wait: 'waiting for a receipt', hold: 'put off' } as const satisfies Record<Stretch['type'], string>

/** What the bars and marks of this picture mean, in as many rows as they need from `top` on. */
export function legend(
  courses: readonly Course[],
  shortened: boolean,
  top: number,
  width: number,
): { readonly drawn: string; readonly height: number } {
  const seen = new Set(courses.flatMap(({ stretches }) => stretches.map(({ type }) => type)))
  const marks = new Set(courses.flatMap(({ points }) => points.map((point) => point.mark)))
  const items: (readonly [sign: string, meaning: string])[] = [
    ...(Object.keys(bars) as Stretch['type'][])
      .filter((type) => seen.has(type))
      .map((type) => [bar({ type, from: -9, to: 8, fault: null, reason: null }, 0, ''), bars[type]] as const),
    ...[...marks].map((kind) => [mark(kind, 0, 0), meaningOf(kind)] as const),
    ...(shortened ? [['', 'Long stretches are drawn shorter than they were.'] as const] : []),
  ]
  let x = 32
  let y = top + 14
  const drawn = items.map(([sign, meaning]) => {
    const indent = sign === '' ? -10 : 14
    const needed = indent + widthOf(meaning, 11) + 22
    if (x + needed > width - 16) {
      x = 32
      y += 22
    }
    const place = { transform: `translate(${round(x)} ${y})` }
    x += needed
    return element('g', place, sign, words(meaning, { x: indent, y: 4, 'font-size': 11, fill: 'muted' }))
  })
  return { drawn: drawn.join(''), height: y - top + 20 }
}
