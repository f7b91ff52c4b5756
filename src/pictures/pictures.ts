/** Pictures of notifications, for pages, tickets and terminals. */
export type { Theme } from './svg.ts'
export { type TimelineSvgOptions, timelineSvg } from './timeline-svg.ts'
