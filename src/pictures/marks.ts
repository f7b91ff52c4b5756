import { element, escapeXml, type Ink } from './svg.ts'

/** The marks; each has a form of its own, for those who do not see its colour. */
export type Mark = 'succeeded' | 'failed' | 'silent' | 'stopped' | 'open' | 'good-receipt' | 'bad-receipt' | 'receipt'

interface Form {
  readonly ink: Ink
  readonly words: string
  /** Drawn around 0,0. */
  readonly shape: (ink: Ink) => string
}

const disc = (d: string) => (ink: Ink) =>
  element('circle', { r: 8, fill: ink }) +
  element('path', { d, fill: 'none', stroke: 'ground', 'stroke-width': 2, 'stroke-linecap': 'round', 'stroke-linejoin': 'round' })

const diamond = (ink: Ink) => element('path', { d: 'M0-6.5L6.5 0L0 6.5L-6.5 0Z', fill: ink, stroke: 'lane', 'stroke-width': 1.5 })

const forms: Readonly<Record<Mark, Form>> = {
  succeeded: { ink: 'good', words: 'succeeded', shape: disc('M-3.6 .3L-1.1 2.9L3.7-2.6') },
  failed: { ink: 'bad', words: 'failed', shape: disc('M-2.8-2.8L2.8 2.8M2.8-2.8L-2.8 2.8') },
  silent: { ink: 'warn', words: 'no receipt in time', shape: disc('M0-4.2V.4L3 2.2') },
  stopped: { ink: 'idle', words: 'not needed, or called back', shape: disc('M-3.6 0H3.6') },
  open: { ink: 'idle', words: 'due', shape: (ink) => element('circle', { r: 6, fill: 'lane', stroke: ink, 'stroke-width': 2 }) },
  'good-receipt': {
    ink: 'good',
    words: 'receipt: delivered, read, clicked',
    shape: (ink) =>
      diamond(ink) + element('path', { d: 'M-2.3 .2L-.6 1.9L2.4-1.6', fill: 'none', stroke: 'ground', 'stroke-width': 1.5 }),
  },
  'bad-receipt': {
    ink: 'bad',
    words: 'receipt: failed, expired',
    shape: (ink) =>
      diamond(ink) + element('path', { d: 'M-2-2L2 2M2-2L-2 2', fill: 'none', stroke: 'ground', 'stroke-width': 1.5 }),
  },
  receipt: { ink: 'call', words: 'receipt: sent', shape: diamond },
}

/** A mark at a place, with what a pointer over it is told. */
export function mark(kind: Mark, x: number, y: number, told = ''): string {
  const { ink, shape } = forms[kind]
  return element('g', { transform: `translate(${round(x)} ${round(y)})` }, ...title(told), shape(ink))
}

/** What a mark stands for. */
export function meaningOf(kind: Mark): string {
  return forms[kind].words
}

/** What a pointer over an element is told. */
export function title(told: string): string[] {
  return told === '' ? [] : [element('title', {}, escapeXml(told))]
}

/** For the numbers inside paths. */
export function round(value: number): number {
  return Math.round(value * 10) / 10
}
