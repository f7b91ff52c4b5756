import { type Channel, channels, noChannel } from '../contract/channel.ts'
import type { Issue } from '../contract/template.ts'
import { faultOf } from '../templates/check-content.ts'

/** What is wrong with content given as it is, by channel: the same that a template's content is held to. */
export function contentIssues(content: unknown): Issue[] {
  if (typeof content !== 'object' || content === null) return []
  const issues: Issue[] = []
  for (const channel of Object.keys(content)) {
    const own = (content as Readonly<Record<string, unknown>>)[channel]
    if (own === undefined || own === null) continue
    const fault = channels.includes(channel as Channel) ? faultOf(channel as Channel, own) : { message: noChannel }
    if (fault) issues.push({ path: ['content', channel, fault.field].filter(Boolean).join('.'), message: fault.message })
  }
  return issues
}
