import { RequestError } from '../contract/errors.ts'
import type { Clock } from '../contract/time.ts'

/** One option: its path, what was given, whether that will do, and what it must be or do (the words after "must"). */
export type OptionRule = readonly [path: string, given: unknown, isValid: boolean, must: string]

/** Throws one `RequestError` (`invalid-options`) that names every option that will not do. Repeats no value: options hold secrets. */
export function checkOptions(factory: string, rules: readonly OptionRule[]): void {
  const issues = rules
    .filter(([, , isValid]) => !isValid)
    .map(([path, given, , must]) => ({ path, message: isMissing(given) ? `${missing}: it must ${must}` : `must ${must}` }))
  if (issues.length > 0) throw new RequestError(factory, issues, 'invalid-options')
}

/** Throws a `RequestError` (`invalid-options`) that names every option that there is not: what is misspelt would else be left at its default. */
export function checkNames(subject: string, options: object | null | undefined, names: readonly string[]): void {
  const issues = Object.keys(options ?? {})
    .filter((path) => !names.includes(path))
    .map((path) => ({ path, message: `is no option: there is ${names.join(', ')}` }))
  if (issues.length > 0) throw new RequestError(subject, issues, 'invalid-options')
}

const missing = 'is missing (is its environment variable set?)'

/** What becomes of an environment variable that is not set: itself, with `?? ''`, or as a number. */
function isMissing(given: unknown): boolean {
  return given === undefined || given === null || given === '' || Number.isNaN(given)
}

/** Whether an option is a text that is not empty, and is of the form. */
export function isText(value: unknown, form: RegExp = /./): value is string {
  return typeof value === 'string' && form.test(value)
}

/** Whether an option is an absolute http or https URL without user, password or fragment, as `createHttp` takes it. */
export function isHttpUrl(value: unknown): value is string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  return url !== undefined && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.hash
}

/** The rule of an option `clock`. */
export function clockRule(clock: Partial<Clock> | null | undefined): OptionRule {
  return ['clock', clock, typeof clock?.now === 'function' && typeof clock.setTimer === 'function', 'have now() and setTimer()']
}
