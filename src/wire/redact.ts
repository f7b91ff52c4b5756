/** What an error says where a vendor has refused a message and given no words of its own. */
export const noReason = 'the message was refused without a reason'

const status = String.raw`\b(?:[45]\d\d[ -])?[245]\.\d{1,3}\.\d{1,3}(?![.-]?\d)|^[45]\d\d[ -](?=\+|\d{7})`

// What a vendor may echo in a spelling of its own: links (callback secrets), mailboxes and user names, phone numbers, device tokens and JWTs.
const confidential: readonly (readonly [RegExp, string])[] = [
  [/https?:\S+/gi, '[url]'],
  [/[^\s"'<>()[\]:,;]*@[^\s"'<>()[\],;]+/g, '[address]'],
  // An SMTP reply's codes (RFC 3463) look like numbers and are none.
  [new RegExp(`(${status})|\\+?\\d[\\d \\t().-]{5,}\\d`, 'gm'), '[number]'],
  [/[\w.:-]{64,}/g, '[token]'],
]

/**
 * A vendor's own words, fit for an error message: on one line, at most `limit` characters, each of `secrets` replaced by `[redacted]`
 * in upper or lower case, and links, addresses, phone numbers and tokens by what they are.
 */
export function vendorWords(text: string, secrets: readonly (string | number | undefined)[] = [], limit = 200): string {
  let clean = text
  for (const plain of secrets.flatMap(partsOf)) {
    // Shorter ones would take ordinary words with them, and no vendor issues any.
    if (plain.length >= 4)
      clean = clean.replace(literally(plain), '[redacted]').replace(literally(encodeURIComponent(plain)), '[redacted]')
  }
  // Long enough for any message, and short enough for a pattern that looks back at each character.
  clean = clean.slice(0, limit + 2000)
  for (const [pattern, label] of confidential)
    clean = clean.replace(pattern, (_, kept) => (typeof kept === 'string' ? kept : label))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go
  clean = clean.replace(/[\u0000-\u0020\u007f-\u009f\u2028\u2029]+/g, ' ').trim()
  return clean.length > limit ? `${clean.slice(0, limit)}…` : clean
}

/** A secret, and what of it may be quoted alone: credentials without their scheme, the values in a callback's query. */
function partsOf(secret: string | number | undefined): string[] {
  const whole = secret === undefined ? '' : String(secret)
  const credentials = /^(?:Basic|Bearer) (.+?)=*$/i.exec(whole)?.[1]
  const values = /^https?:/i.test(whole) ? [...(URL.parse(whole)?.searchParams.values() ?? [])] : []
  return [whole, ...(credentials === undefined ? [] : [credentials]), ...values]
}

function literally(text: string): RegExp {
  return new RegExp(text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'gi')
}
