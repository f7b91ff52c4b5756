/** Called by Next once per server: what was waiting when the last one ended goes on before anybody asks for a page. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { notifications } = await import('./lib/notifications.ts')
  notifications()
}
