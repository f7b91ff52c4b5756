/** What each section is about, in the order in which they run. */
export const titles = {
  throughput: 'Throughput to `accepted` (two writes each), notifications a second',
  latency: 'How long `send` takes, in milliseconds',
  'wake-up': 'How late what is due is begun in another process, in milliseconds',
  workers: 'A backlog worked off by 1 to 4 processes, notifications a second',
  receipts: 'Receipts that find their attempt and are stored, receipts a second',
  pending: 'What one costs while others wait, in milliseconds',
  space: 'What one that waits takes up, in bytes',
} as const

/** A part of the benchmark. */
export type Section = keyof typeof titles
