import { type Channel, channels, noChannel } from '../contract/channel.ts'
import type { Issue } from '../contract/template.ts'
import { faultOf } from '../templates/check-content.ts'

/** What is wrong with content given as it is, by channel: the same that a template's content is held to. */
export function contentIssues(content: unknown): Issue[] {
  if (typeof content !== 'object' || content === null) return []
  return Object.entries(content).flatMap(([channel, own]): Issue[] => {
    if (own === undefined || own === null) return []
    if (!channels.includes(channel as Channel)) return [{ path: `content.${channel}`, message: noChannel }]
    const fault = faultOf(channel as Channel, own)
    return fault ? [{ path: ['content', channel, fault.field].filter(Boolean).join('.'), message: fault.message }] : []
  })
}
