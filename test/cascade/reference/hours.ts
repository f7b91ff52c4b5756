import type { Window } from '../../../src/contract/time.ts'

const minute = 60_000
const minutesOf = (clock: string) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3))

function isOpen({ from, to }: Window, at: number): boolean {
  const now = Math.floor(at / minute) % (24 * 60)
  const [opens, closes] = [minutesOf(from), minutesOf(to)]
  if (opens === closes) return true
  return opens < closes ? opens <= now && now < closes : now >= opens || now < closes
}

/** The first moment from `at` on at which the window is open, in UTC, found by looking at each minute. Zones are `window.test.ts`'s matter. */
export function nextOpening(window: Window | null, at: number): number {
  let then = at
  while (window !== null && !isOpen(window, then)) then = (Math.floor(then / minute) + 1) * minute
  return then
}
