/** Whether a value is an absolute http or https URL, written as one: without spaces and control characters, which parsers drop. */
export function isWebUrl(value: unknown): value is string {
  return typeof value === 'string' && /^https?:\/\//i.test(value) && !/[\s\p{Cc}]/u.test(value) && URL.canParse(value)
}
