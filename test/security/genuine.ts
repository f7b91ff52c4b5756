import { noon, type SourceSubject } from './subjects/sources.ts'

/** Where the app's endpoint is, as vendors were told. */
export const publicUrl = 'https://app.example.org/hooks'

/** A webhook as the vendor sends it. */
export async function genuineOf({ body, sign, contentType = 'application/json' }: SourceSubject) {
  const url = new URL(publicUrl)
  const { headers = {}, query = '', body: signed = body } = (await sign?.({ url, body, at: noon })) ?? {}
  return { path: `/hooks${query && `?${query}`}`, headers: { 'content-type': contentType, ...headers }, body: signed }
}
