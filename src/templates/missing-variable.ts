// Letters only, so that no escaping changes it.
const stand = 'omnicascadeStandIn'

/**
 * Which variable a content function lacked, by its dotted path. Found by running the function again with a stand-in for each variable it
 * read in vain: the one that was printed as "undefined", or whose absence made the function throw. Optional variables that it copes with
 * are none. Called only where something went wrong, so that good content costs nothing.
 */
export function missingVariable(render: (variables: never) => unknown, variables: unknown): string | undefined {
  const absent = new Set<string>()
  const run = (standIn: string | undefined) =>
    outputOf(() =>
      render(
        watched(variables, '', (path) => {
          absent.add(path)
          return path === standIn ? stand : undefined
        }) as never,
      ),
    )
  const output = run(undefined)
  return [...absent].find((path) => {
    const filled = run(path)
    if (output === undefined) return filled !== undefined
    return filled?.includes(stand) && filled.replaceAll(stand, 'undefined') === output
  })
}

/** True if some text within the content reads "undefined". */
export function saysUndefined(content: unknown): boolean {
  if (typeof content === 'string') return content.includes('undefined')
  if (typeof content !== 'object' || content === null) return false
  for (const key of Object.keys(content)) if (saysUndefined((content as Readonly<Record<string, unknown>>)[key])) return true
  return false
}

function outputOf(run: () => unknown): string | undefined {
  try {
    return JSON.stringify(run()) ?? 'undefined'
  } catch {
    return undefined
  }
}

/** A copy (of plain objects and arrays, all the way down) that answers reads of what is not there with `onAbsent`. */
function watched(value: unknown, path: string, onAbsent: (path: string) => unknown): unknown {
  const plain =
    typeof value === 'object' &&
    value !== null &&
    [Object.prototype, Array.prototype, null].includes(Object.getPrototypeOf(value))
  if (!plain) return value
  return new Proxy(Array.isArray(value) ? [...value] : { ...value }, {
    get(target, key) {
      const found: unknown = Reflect.get(target, key)
      if (typeof key === 'symbol') return found
      const name = path === '' ? key : `${path}.${key}`
      return found === undefined ? onAbsent(name) : watched(found, name, onAbsent)
    },
  })
}
