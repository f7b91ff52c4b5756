/** Bodies that no vendor sends. */
export const hostile: readonly string[] = [
  '',
  ' ',
  'null',
  'true',
  '7',
  '"text"',
  '[]',
  '{}',
  '[null]',
  '[[]]',
  '[{}]',
  '{"":""}',
  '<!doctype html><title>Sign in</title>',
  'a=b&c=d',
  '%',
  'a=%ff&%=',
  '\u0000',
  '\ufeff{}',
  '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
  '__proto__=1&__proto__[polluted]=1&constructor[prototype][polluted]=1',
  `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
  `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
  `{"a":${'9'.repeat(10_000)}}`,
  JSON.stringify({ a: 'x'.repeat(100_000) }),
  '{"a":"\ud800"}',
]

/** A body cut off at many places, and with each of its values made something else. */
export function* cutsOf(body: string): Generator<string> {
  const cuts = Math.min(40, body.length)
  for (let cut = 1; cut < cuts; cut++) yield body.slice(0, Math.floor((body.length * cut) / cuts))
  for (const other of ['null', '7', '"x"', '[]', '{}', '-1e999', '8640000000000001', '"__proto__"', '{"toString":1}']) {
    let at = 0
    for (const value of body.matchAll(/:\s*("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null)/g)) {
      if (at++ > 60) break
      yield `${body.slice(0, value.index)}:${other}${body.slice(value.index + value[0].length)}`
    }
    if (!/^[[{]/.test(body)) yield body.replace(/=[^&]*/g, `=${other}`)
  }
}
