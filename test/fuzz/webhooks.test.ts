import { fuzzed } from './support.ts'
import { webhookTargets } from './targets/webhooks.ts'

fuzzed(webhookTargets)
