import type { Figure } from '../kit/figures.ts'
import { type Bar, type Box, bars, type Line, lines, type Panel, stacked } from '../kit/svg.ts'
import { type StoreMachine, storeMachineLine } from './machine.ts'

/** The figures that decide which store to take, as an SVG picture. */
export function chartOf({ machine, figures }: { readonly machine: StoreMachine; readonly figures: readonly Figure[] }): string {
  const panels = [throughput, workers, pending, lateness].map((panel) => (place: Place) => panel(figures, place))
  return stacked('What the stores of omnicascade can do, beside the bare engines', panels, storeMachineLine(machine))
}

type Place = Pick<Box, 'x' | 'y' | 'width'>

function throughput(figures: readonly Figure[], place: Place): Panel | undefined {
  const own = figures.filter(({ section, beside }) => section === 'throughput' && beside !== undefined)
  if (own.length === 0) return undefined
  const shown = own.filter((figure) => inHand(figure) === 64 || (inHand(figure) === 1 && !figure.what.includes('+')))
  const title = 'Notifications a second to `accepted`, both writes stored (thin: the engine by hand)'
  return barsOf(title, place, shown, figures)
}

function lateness(figures: readonly Figure[], place: Place): Panel | undefined {
  const own = figures.filter(({ section, what }) => section === 'wake-up' && what.endsWith('p50') && !what.includes('alone'))
  if (own.length === 0) return undefined
  const shown = own.map((figure) => ({ ...figure, what: figure.what.replace(', p50', '') }))
  const title = 'How late another process begins what is due, in milliseconds, p50 (thin: the queue alone)'
  return barsOf(title, place, shown, figures)
}

function barsOf(title: string, place: Place, shown: readonly Figure[], all: readonly Figure[]): Panel {
  const height = 30 + 22 * shown.length
  return {
    shape: bars(
      title,
      { ...place, height },
      shown.map((figure) => barOf(figure, all)),
    ),
    height,
  }
}

function workers(figures: readonly Figure[], place: Place): Panel | undefined {
  const looks: readonly (readonly [name: string, look: string])[] = [
    ['Postgres + pg-boss', 'one'],
    ['pg-boss alone', 'one dashed'],
    ['Redis + BullMQ', 'two'],
    ['BullMQ alone', 'two dashed'],
    ['SQLite, FULL, timer', 'three'],
  ]
  const counts = [...new Set(figures.flatMap(({ section, id }) => (section === 'workers' ? [Number(id.split(' ').at(-1))] : [])))]
  const drawn = looks.flatMap(([name, look]) =>
    lineOf(figures, name, look, (index) => `workers ${name} ${counts[index]}`, counts.length),
  )
  if (drawn.length === 0) return undefined
  const ticks = counts.map((count) => `${count} ${count === 1 ? 'worker' : 'workers'}`)
  const title = 'A backlog worked off by several processes (dashed: jobs of the queue alone that do nothing)'
  return { shape: lines(title, { ...place, height: 240 }, ticks, drawn, 'notifications a second'), height: 240 }
}

function pending(figures: readonly Figure[], place: Place): Panel | undefined {
  const ids = figures.filter(({ section }) => section === 'pending').map(({ id }) => Number(id.split(' ').at(-1)))
  const counts = [...new Set(ids)].sort((a, b) => a - b)
  const drawn = [
    ['SQLite', 'three', 'sqlite'],
    ['Postgres', 'one', 'postgres'],
    ['Redis', 'two', 'redis'],
  ].flatMap(([name = '', look = '', engine]) =>
    lineOf(figures, name, look, (index) => `pending claim ${engine} ${counts[index]}`, counts.length),
  )
  if (drawn.length === 0) return undefined
  const ticks = counts.map((count) => count.toLocaleString('en'))
  const title = 'What it costs to find, read and move on one notification while so many wait'
  return { shape: lines(title, { ...place, height: 220 }, ticks, drawn, 'milliseconds'), height: 220 }
}

function lineOf(figures: readonly Figure[], name: string, look: string, idAt: (place: number) => string, count: number): Line[] {
  const points = Array.from({ length: count }, (_, place) => {
    const value = figures.find(({ id }) => id === idAt(place))?.value
    return value === undefined ? undefined : ([place, value] as const)
  }).filter((point) => point !== undefined)
  return points.length === 0 ? [] : [{ name, look, points }]
}

function barOf({ what, value, beside }: Figure, figures: readonly Figure[]): Bar {
  const bare = figures.find(({ id }) => id === beside)
  return { name: what, value, ...(bare !== undefined && { beside: bare.value }) }
}

function inHand({ id }: Figure): number {
  return Number(id.split(' ').at(-1))
}
