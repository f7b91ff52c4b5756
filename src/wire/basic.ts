/** The value of an `Authorization` header for HTTP Basic (RFC 7617), user and password in UTF-8. */
export function basicOf(username: string, password: string): string {
  return `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${username}:${password}`)))}`
}
