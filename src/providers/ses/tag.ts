/** The name of the tag that carries an attempt's key. */
export const tagName = 'omnicascade'

/** An attempt's key as a tag's value, which takes no full stops; undefined if it cannot be one. */
export function tagOf(key: string): string | undefined {
  return key.length <= 256 && /^[\w-]+\.\d+\.\d+$/.test(key) ? key.replaceAll('.', '-') : undefined
}

/** The attempt's key in the value of a tag. */
export function keyIn(tag: unknown): string | undefined {
  const [, id, step, attempt] = /^([\w-]+)-(\d+)-(\d+)$/.exec(typeof tag === 'string' ? tag : '') ?? []
  return id === undefined ? undefined : `${id}.${step}.${attempt}`
}
