import type { Target } from './target.ts'
import { answerTargets } from './targets/answers.ts'
import { readerTargets } from './targets/readers.ts'
import { requestTargets } from './targets/requests.ts'
import { sambaTargets } from './targets/samba.ts'
import { shortenerTargets } from './targets/shorteners.ts'
import { smppTargets } from './targets/smpp.ts'
import { templateTargets } from './targets/templates.ts'
import { textTargets } from './targets/text.ts'
import { webhookTargets } from './targets/webhooks.ts'

/** Every parser of the library, each with real payloads. */
export const targets: readonly Target[] = [
  ...webhookTargets,
  ...answerTargets,
  ...shortenerTargets,
  ...sambaTargets,
  ...smppTargets,
  ...templateTargets,
  ...textTargets,
  ...readerTargets,
  ...requestTargets,
]
