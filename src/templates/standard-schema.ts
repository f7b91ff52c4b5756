import type { Issue } from '../contract/template.ts'

/** What a Standard Schema (standardschema.dev, version 1) answers: the value, or what is wrong with it. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string
        readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
      }[]
    }

/** The part of the Standard Schema interface that is used here; zod, valibot, arktype and others have it. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/** What a schema takes. */
export type SchemaInput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['input']

/** What a schema gives: its input with defaults filled in and transformations done. */
export type SchemaOutput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output']

/** A schema's answer as the contract has it; paths start with `variables`. */
export function verdictOf<Output>(
  result: SchemaResult<Output>,
): { readonly value: Output } | { readonly issues: readonly Issue[] } {
  if (result.issues === undefined) return { value: result.value }
  return {
    issues: result.issues.map(({ message, path = [] }) => ({
      message,
      path: path.reduce<string>((parent, segment) => {
        const key = typeof segment === 'object' ? segment.key : segment
        return typeof key === 'number' ? `${parent}[${key}]` : `${parent}.${String(key)}`
      }, 'variables'),
    })),
  }
}
