import { mailSubjects } from './mail.ts'
import { messengerSubjects } from './messengers.ts'
import { pushSubjects } from './push.ts'
import { smsSubjects } from './sms.ts'
import type { Subject } from './subject.ts'

/** Every provider of the library. `coverage.test.ts` holds it against the catalogue. */
export const subjects: readonly Subject[] = [...smsSubjects, ...mailSubjects, ...pushSubjects, ...messengerSubjects]
