// What is posted: Sendios' envelope with SMS events as documented, and a few ways in which it may be wrong.

/** An envelope of so many events: each an object under its number, beside the sign. */
export function envelopeOf(count: number, eventOf: (at: number) => object = event): string {
  return JSON.stringify({ ...Object.fromEntries(Array.from({ length: count }, (_, at) => [at, eventOf(at)])), sign: null })
}

/** An event as Sendios documents it. */
export function event(at: number) {
  const name = ['sms_sent', 'sms_lost', 'sms_click'][at % 3]
  return {
    event: name,
    client_user_id: `user-${1000 + at}`,
    project_id: 99,
    category_id: 1,
    template_id: 15,
    sms_id: 123_300 + at,
    ts: 1_549_382_627 + at,
    omnichannel: 1,
    channel: 'sms',
    ...(name === 'sms_click' && { link: 'example.com/a' }),
  }
}

/** The same without the id of its SMS. */
export function eventWithoutId(at: number) {
  const { sms_id: _, ...rest } = event(at)
  return rest
}
