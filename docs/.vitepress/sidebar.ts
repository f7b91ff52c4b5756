// Every page of docs/ has its place here: test/examples/links.test.ts says which has none.
interface Item {
  readonly text: string
  readonly link?: string
  readonly collapsed?: boolean
  readonly items?: Item[]
}

const page = (text: string, link: string): Item => ({ text, link })
const providers = (text: string, names: Readonly<Record<string, string>>): Item => ({
  text,
  collapsed: true,
  items: Object.entries(names).map(([name, title]) => page(title, `/providers/${name}`)),
})

export const sidebar: Item[] = [
  {
    text: 'First steps',
    items: [page('Start here', '/start'), page('Concepts', '/concepts'), page('Examples', '/examples')],
  },
  {
    text: 'Guides',
    items: [
      page('All guides', '/guides/'),
      page('Fallback on delivery', '/guides/fallback'),
      page('Required channels', '/guides/required'),
      page('Quiet hours', '/guides/quiet-hours'),
      page('One-time passwords', '/guides/otp'),
      page("WhatsApp's window", '/guides/whatsapp'),
      page('Several vendors for SMS', '/guides/several-vendors'),
      page('Bulk sending', '/guides/bulk'),
      page('Webhooks in your framework', '/guides/webhooks'),
      page('Samba events into a database', '/examples#sambas-events-in-a-database'),
      page('Writing a provider', '/providers/your-own'),
      page('Testing your cascades', '/testing'),
      page('Going past one machine', '/guides/many-machines'),
    ],
  },
  {
    text: 'Coming from',
    items: [
      page("Twilio's SDK alone", '/guides/from-twilio'),
      page('Novu', '/guides/from-novu'),
      page('notifme-sdk', '/notifme'),
    ],
  },
  {
    text: 'Reference',
    items: [
      page('The cascade', '/cascade'),
      page('Preferences', '/preferences'),
      page('Templates', '/templates'),
      page('Webhooks over HTTP', '/http'),
      page('Sendios webhooks', '/webhooks-sendios'),
      page('The Samba event stream', '/samba'),
      page('Stores', '/stores'),
      page('Telemetry and logs', '/telemetry'),
      page('Pictures', '/pictures'),
      page('Errors by code', '/errors'),
      page('Cost', '/cost'),
      page('Link shorteners', '/shorteners'),
      page('API', '/api/'),
    ],
  },
  {
    text: 'Providers',
    items: [
      page('What each declares', '/providers'),
      providers('SMS', {
        infobip: 'Infobip',
        kannel: 'Kannel',
        messagebird: 'MessageBird',
        sendios: 'Sendios',
        smpp: 'SMPP',
        smsc: 'SMSC.ru',
        turbosms: 'TurboSMS',
        twilio: 'Twilio',
        twin: 'TWIN',
        vonage: 'Vonage',
      }),
      providers('E-mail', {
        mailgun: 'Mailgun',
        postmark: 'Postmark',
        resend: 'Resend',
        sendgrid: 'SendGrid',
        ses: 'Amazon SES',
        smtp: 'SMTP',
      }),
      providers('Push', { apns: 'APNs', expo: 'Expo', fcm: 'FCM', 'web-push': 'Web Push' }),
      providers('Messengers', {
        ok: 'Odnoklassniki',
        telegram: 'Telegram',
        'telegram-gateway': 'Telegram Gateway',
        viber: 'Viber',
        vk: 'VKontakte',
        'vk-notify': 'VK Notify',
        'whatsapp-cloud': 'WhatsApp Cloud API',
      }),
      providers('Chat', { discord: 'Discord', slack: 'Slack', teams: 'Microsoft Teams' }),
      providers('Development', { console: 'Console' }),
    ],
  },
  {
    text: 'Inside',
    items: [
      page('Architecture', '/architecture'),
      page('Scaling', '/scaling'),
      page('Performance', '/performance'),
      page('Robustness', '/robustness'),
      page('Runtimes', '/runtimes'),
    ],
  },
  {
    text: 'Project',
    items: [page('Contributing', '/CONTRIBUTING'), page('Changes', '/CHANGELOG'), page('Security', '/SECURITY')],
  },
]
