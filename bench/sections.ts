/** What each section is about, in the order of the page. */
export const titles = {
  samba: 'Samba stream, 280-byte records in 64 KB chunks, megabytes a second',
  webhooks: 'Webhooks, from the raw body to events, events a second',
} as const

/** A part of the benchmark. */
export type Section = keyof typeof titles
