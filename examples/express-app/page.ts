import { formatTimeline, type NotificationRecord } from 'omnicascade'
import { html, raw } from 'omnicascade/text'

/** A line of the list. */
export interface Listed {
  readonly id: string
  readonly title: string
  /** Undefined once the store has forgotten it. */
  readonly record: NotificationRecord | undefined
}

/** The whole page, with one notification opened. What is marked `data-live` is brought up to date by `page.js`. */
export function page(list: readonly Listed[], openId: string | undefined): string {
  const open = list.find(({ id }) => id === openId)
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Notifications</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/page.css">
<script type="module" src="/page.js"></script>
</head>
<body>
<header><h1>Notifications</h1></header>
<main>
<nav aria-label="Recent notifications"><ul id="list" data-live>${raw(list.map((line) => item(line, openId)).join(''))}</ul>${raw(form)}</nav>
<section aria-label="Timeline" id="open" data-live>${raw(open?.record ? timeline(open.title, open.record) : html`<p>Nothing to show yet.</p>`)}</section>
</main>
</body>
</html>
`
}

function item({ id, title, record }: Listed, openId: string | undefined): string {
  const current = id === openId ? raw(' aria-current="page"') : raw('')
  return html`<li><a id="n-${id}" href="/?id=${id}"${current}><span>${title}</span> <small class="${stateOf(record)}">${words(record)}</small></a></li>`
}

function timeline(title: string, record: NotificationRecord): string {
  const { id, version } = record
  return html`<h2>${title}</h2>
<p role="status" class="${stateOf(record)}">${words(record)}</p>
<div class="picture" tabindex="0" aria-label="Picture of the timeline"><img src="/notifications/${id}/timeline.svg?version=${version}" width="960" alt="What happened, step by step; in words below"></div>
<details><summary id="words">In words</summary><pre tabindex="0">${formatTimeline(record)}</pre></details>`
}

function stateOf(record: NotificationRecord | undefined): string {
  return record?.outcome?.status ?? (record ? 'open' : 'gone')
}

function words(record: NotificationRecord | undefined): string {
  if (!record) return 'no longer kept'
  const { outcome } = record
  if (!outcome) return 'under way'
  return outcome.by === null ? outcome.status : `${outcome.status} by ${outcome.by}`
}

const form = html`<form action="/send" method="post">
<h2>Tell somebody</h2>
<label>Name <input name="name" required value="Ada" autocomplete="off"></label>
<label>Order <input name="order" required value="1001" autocomplete="off"></label>
<label>Link <input name="url" type="url" required value="https://shop.example/orders/1001?utm_source=cascade&amp;utm_campaign=shipped"></label>
<label>User <input name="userId" value="u-42" autocomplete="off"></label>
<label>Telegram chat <input name="telegram" inputmode="numeric" value="42" autocomplete="off"></label>
<label>Phone <input name="phone" type="tel" value="+420777123456" autocomplete="off"></label>
<label>E-mail <input name="email" type="email" value="ada@example.org" autocomplete="off"></label>
<button>Send</button>
</form>`
