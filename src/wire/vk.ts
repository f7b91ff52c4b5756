import type { FailureKind } from '../contract/failure.ts'

/** The version of the VK API that its adapters speak. */
export const vkVersion = '5.199'

// VKCOM/vk-api-schema, errors.json.
const codes: Readonly<Record<'transient' | 'recipient' | 'configuration', readonly number[]>> = {
  transient: [1, 6, 9, 10, 29, 32, 36, 43, 603],
  recipient: [18, 30, 37, 39, 113, 900, 901, 902, 917, 922, 927, 932, 935, 936, 945, 946, 950, 962, 1012],
  configuration: [2, 3, 4, 5, 7, 8, 14, 15, 16, 17, 20, 21, 23, 24, 27, 28, 34, 35, 38, 40, 42, 203, 912, 985, 1117],
}
const kinds = new Map(Object.entries(codes).flatMap(([kind, all]) => all.map((code) => [code, kind as FailureKind])))

/** The kind of an error code of VK. One that is not known is about what was sent. */
export function vkKindOf(code: number): FailureKind {
  return kinds.get(code) ?? 'content'
}
