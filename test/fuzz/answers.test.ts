import { fuzzed } from './support.ts'
import { answerTargets } from './targets/answers.ts'
import { shortenerTargets } from './targets/shorteners.ts'

fuzzed([...answerTargets, ...shortenerTargets])
