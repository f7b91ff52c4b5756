// Brings the parts of the page marked `data-live` up to date whenever a notification changes. Everything is rendered, and escaped, by the server.
let isLoading = false
let isStale = false

async function refresh() {
  isStale = true
  if (isLoading) return
  isLoading = true
  while (isStale) {
    isStale = false
    try {
      const response = await fetch(location.href)
      if (response.ok) await replace(new DOMParser().parseFromString(await response.text(), 'text/html'))
    } catch {
      // The app is away. EventSource comes back by itself, and then everything is asked for again.
    }
  }
  isLoading = false
}

async function replace(next) {
  for (const part of document.querySelectorAll('[data-live]')) {
    const other = next.getElementById(part.id)
    if (!other || other.innerHTML === part.innerHTML) continue
    await Promise.all([...other.querySelectorAll('img')].map(({ src }) => loaded(src)))
    const { id } = document.activeElement ?? {}
    const opened = part.querySelector('details')?.open
    const left = part.querySelector('.picture')?.scrollLeft
    part.replaceChildren(...other.childNodes)
    // Nothing that the reader has done may be undone: what is open, where it is scrolled to, where the focus is.
    if (opened) part.querySelector('details')?.setAttribute('open', '')
    part.querySelector('.picture')?.scrollTo({ left })
    if (id && document.activeElement?.id !== id) document.getElementById(id)?.focus({ preventScroll: true })
  }
}

/** So that a picture does not blink: it is there before it is shown. */
function loaded(src) {
  const image = new Image()
  image.src = src
  return image.decode().catch(() => {})
}

const events = new EventSource('/events')
events.onopen = refresh
events.onmessage = refresh
