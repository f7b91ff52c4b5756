import { isText, type OptionRule } from './options.ts'

/** Options of adapters whose vendor does not tell itself what opts out. */
export interface CommandWords {
  /** Texts that opt out, and in again, in upper or lower case. Default STOP, STOPALL, UNSUBSCRIBE, СТОП; and START, UNSTOP, СТАРТ. */
  readonly stopWords?: readonly string[]
  readonly startWords?: readonly string[]
}

/** What a text commands, if anything. */
export type CommandIn = (text: string) => 'stop' | 'start' | undefined

/** The rules of both options. */
export function commandRules({ stopWords = [], startWords = [] }: CommandWords): readonly OptionRule[] {
  const areWords = (words: readonly unknown[]) => Array.isArray(words) && words.every((word) => isText(word))
  return [
    ['stopWords', stopWords, areWords(stopWords), 'be a list of words'],
    ['startWords', startWords, areWords(startWords), 'be a list of words'],
  ]
}

/** Reads texts by the words of options that were checked. A word of both opts out. */
export function commandReader({
  stopWords = ['STOP', 'STOPALL', 'UNSUBSCRIBE', 'СТОП'],
  startWords = ['START', 'UNSTOP', 'СТАРТ'],
}: CommandWords): CommandIn {
  const commands = new Map([
    ...startWords.map((word) => [word.toLowerCase(), 'start'] as const),
    ...stopWords.map((word) => [word.toLowerCase(), 'stop'] as const),
  ])
  return (text) => commands.get(text.trim().toLowerCase())
}
