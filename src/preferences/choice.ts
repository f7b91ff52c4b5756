import { RequestError } from '../contract/errors.ts'
import type { OptOut } from './interfaces.ts'

/** A choice whose parts are left out or named. Throws `RequestError`: an empty name would mean everything. */
export function checkedChoice(subject: string, choice: OptOut): OptOut {
  const { recipient, channel = 'any', category = 'any' } = choice
  const issues = Object.entries({ recipient, channel, category })
    .filter(([, value]) => typeof value !== 'string' || value === '')
    .map(([path]) => ({ path, message: `must be text that is not empty${path === 'recipient' ? '' : ', or left out'}` }))
  if (issues.length > 0) throw new RequestError(subject, issues)
  return choice
}
