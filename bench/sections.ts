/** What each section is about, in the order of the page. */
export const titles = {
  samba: 'Samba stream, 280-byte records in 64 KB chunks, megabytes a second',
  webhooks: 'Webhooks, from the raw body to events, events a second',
  orchestrator: 'Orchestrator, microseconds of processor time for one notification through providers that do nothing',
  'in-flight': 'In flight, bytes of heap for each notification under way',
  pending: 'Pending, microseconds for one notification while others are pending in the memory store',
  templates: 'Templates, an SMS with four variables, texts a second',
  weight: 'Weight, what an app that bundles it or imports it pays',
} as const

/** A part of the benchmark. */
export type Section = keyof typeof titles
