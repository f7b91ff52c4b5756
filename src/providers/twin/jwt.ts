import { fieldsOf } from '../../wire/json.ts'

/** When a JSON Web Token expires (its `exp`, RFC 7519 section 4.1.4), in Unix milliseconds; undefined when it does not say. Verifies nothing. */
export function expiryOfJwt(token: string): number | undefined {
  const [, payload, signature] = token.split('.')
  if (payload === undefined || signature === undefined) return undefined
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
    const { exp } = fieldsOf(JSON.parse(new TextDecoder().decode(bytes)))
    const seconds = Number(exp ?? Number.NaN)
    return Number.isFinite(seconds) ? seconds * 1000 : undefined
  } catch {
    return undefined
  }
}
