import type { StandardSchema } from './standard-schema.ts'

/**
 * The keys of an object schema, where it shows them and admits no others: zod (classic and mini) by `shape`, valibot by `entries`.
 * Undefined for anything else, whose variables are then checked when they are used.
 */
export function schemaKeys(schema: StandardSchema): readonly string[] | undefined {
  const { shape, entries, type, pipe, _zod } = schema as {
    readonly shape?: object
    readonly entries?: object
    readonly type?: unknown
    readonly pipe?: unknown
    readonly _zod?: { readonly def?: { readonly catchall?: { readonly _zod?: { readonly def?: { readonly type?: unknown } } } } }
  }
  if (isObject(shape) && _zod !== undefined) {
    const catchall = _zod.def?.catchall
    return catchall === undefined || catchall._zod?.def?.type === 'never' ? Object.keys(shape) : undefined
  }
  const closed = type === 'object' || type === 'strict_object'
  return isObject(entries) && closed && keepsEntries(pipe) ? Object.keys(entries) : undefined
}

/** valibot's `pipe` shows the entries of its first schema, whatever a transformation then makes of them. */
function keepsEntries(pipe: unknown): boolean {
  if (!Array.isArray(pipe)) return true
  return pipe.slice(1).every((action: { readonly kind?: unknown }) => action.kind === 'validation' || action.kind === 'metadata')
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
