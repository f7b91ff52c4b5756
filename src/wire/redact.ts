/** What an error says where a vendor has refused a message and given no words of its own. */
export const noReason = 'the message was refused without a reason'

/** A vendor's own words, fit for an error message: on one line, at most `limit` characters, each of `secrets` replaced by `[redacted]`. */
export function vendorWords(text: string, secrets: readonly (string | number | undefined)[] = [], limit = 200): string {
  let clean = text
  for (const secret of secrets) {
    const plain = secret === undefined ? '' : String(secret)
    // Shorter ones would take ordinary words with them, and no vendor issues any.
    if (plain.length >= 4) clean = clean.split(plain).join('[redacted]').split(encodeURIComponent(plain)).join('[redacted]')
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go
  clean = clean.replace(/[\u0000-\u0020\u007f-\u009f\u2028\u2029]+/g, ' ').trim()
  return clean.length > limit ? `${clean.slice(0, limit)}…` : clean
}
