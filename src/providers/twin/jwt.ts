/** When a JSON Web Token expires (its `exp`, RFC 7519 section 4.1.4), in Unix milliseconds; undefined when it does not say. Verifies nothing. */
export function expiryOfJwt(token: string): number | undefined {
  const [, payload, signature] = token.split('.')
  if (payload === undefined || signature === undefined) return undefined
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes))
    const exp =
      typeof claims === 'object' && claims !== null ? Number((claims as { exp?: unknown }).exp ?? Number.NaN) : Number.NaN
    return Number.isFinite(exp) ? exp * 1000 : undefined
  } catch {
    return undefined
  }
}
