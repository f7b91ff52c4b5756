import { RequestError } from '../contract/errors.ts'
import type { Issue } from '../contract/template.ts'

/** The period of an export, in Unix milliseconds, as Samba takes it: both ends belong to it [inf], and either may be left to Samba. */
export interface SambaRange {
  readonly from?: number
  readonly to?: number
}

const day = 86_400_000

/** What Samba keeps, and the longest period it exports [doc]. */
export const longestRange = 90 * day

// So that `Date.now() - 90 days` is still good a moment later, and on a clock that is a little slow.
const slack = 60_000

/** Checks a period. Samba would quietly shorten one that is longer than 90 days; a `RequestError` says so instead. */
export function rangeOf(from: Date | number | undefined, to: Date | number | undefined, now: number): SambaRange {
  const issues: Issue[] = []
  const range = { ...timeOf('from', from, issues), ...timeOf('to', to, issues) }
  const length = range.from === undefined ? 0 : (range.to ?? now - slack) - range.from
  if (issues.length === 0 && length > longestRange) {
    const message = range.to === undefined ? 'is more than 90 days ago' : 'is more than 90 days before `to`'
    issues.push({
      path: 'from',
      message: `${message}; Samba exports at most 90 days, and keeps no more: ask for a shorter period`,
    })
  }
  if ((range.from ?? 0) > (range.to ?? Number.POSITIVE_INFINITY)) issues.push({ path: 'from', message: 'is later than `to`' })
  if (issues.length > 0) throw new RequestError('exportSmsEvents', issues)
  return range
}

/**
 * The same period when asked for again: what Samba reckons from its own clock, or what is still to come, is fixed to the time of the
 * first answer, somewhere from `earliest` to `latest`, so that events that came since do not count.
 */
export function fixedRange({ from, to }: SambaRange, earliest: number, latest: number): SambaRange {
  if (to !== undefined && to <= latest) return { ...(from !== undefined && { from }), to }
  const first = from ?? (to ?? earliest) - longestRange
  return { from: first, to: Math.max(first, latest) }
}

function timeOf<K extends 'from' | 'to'>(
  path: K,
  value: Date | number | undefined,
  issues: Issue[],
): { readonly [P in K]?: number } {
  if (value === undefined) return {}
  const time = Number(value)
  if (!Number.isSafeInteger(time) || time < 0 || (typeof value !== 'number' && !(value instanceof Date))) {
    issues.push({ path, message: 'must be a Date or whole Unix milliseconds' })
  }
  return { [path]: time } as { readonly [P in K]?: number }
}
