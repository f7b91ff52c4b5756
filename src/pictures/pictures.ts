/** Pictures of notifications, for pages, tickets and terminals. */
export { type FormatExplanationOptions, formatExplanation } from './format-explanation.ts'
export type { Theme } from './svg.ts'
export { type TerminalTimelineOptions, terminalTimeline } from './terminal-timeline.ts'
export { type TimelineSvgOptions, timelineSvg } from './timeline-svg.ts'
