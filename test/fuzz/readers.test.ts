import { fuzzed } from './support.ts'
import { readerTargets } from './targets/readers.ts'
import { requestTargets } from './targets/requests.ts'
import { sambaTargets } from './targets/samba.ts'
import { smppTargets } from './targets/smpp.ts'
import { templateTargets } from './targets/templates.ts'
import { textTargets } from './targets/text.ts'

fuzzed([...sambaTargets, ...smppTargets, ...templateTargets, ...textTargets, ...readerTargets, ...requestTargets])
