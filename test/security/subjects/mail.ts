import { mailgun } from 'omnicascade/providers/mailgun'
import { postmark } from 'omnicascade/providers/postmark'
import { resend } from 'omnicascade/providers/resend'
import { sendgrid } from 'omnicascade/providers/sendgrid'
import { ses } from 'omnicascade/providers/ses'
import { smtp } from 'omnicascade/providers/smtp'
import { json, mailbox, requestFor, type Subject } from './subject.ts'

const mail = requestFor('email', 'ada@example.org', {
  subject: 'Hi',
  text: 'Hello',
  html: '<p>Hello <img src="https://media.carried.example/a.png">',
  from: 'Orders <orders@example.org>',
  replyTo: 'help@example.org',
  headers: { 'X-Order': '17' },
})
const from = mailbox
const at = (baseUrl: string | undefined) => (baseUrl === undefined ? {} : { baseUrl })

/** Vendors of e-mail. */
export const mailSubjects: readonly Subject[] = [
  {
    name: 'smtp',
    over: 'smtp',
    secrets: ['smtp-passw0rd'],
    pairs: [['shop', 'smtp-passw0rd']],
    create: (baseUrl = 'smtp://mail.example.org') => smtp({ url: baseUrl.replace('//', '//shop:smtp-passw0rd@'), from }),
    requests: [mail],
    hosts: ['mail.example.org'],
  },
  {
    name: 'sendgrid',
    secrets: ['SG.s3ndgrid.k3y'],
    create: (baseUrl) => sendgrid({ apiKey: 'SG.s3ndgrid.k3y', from, ...at(baseUrl) }),
    requests: [mail],
    hosts: ['api.sendgrid.com'],
    refusal: (words) => json({ errors: [{ message: words, field: words, help: words }] }, 401),
  },
  {
    name: 'mailgun',
    secrets: ['ma1lgun-k3y'],
    pairs: [['api', 'ma1lgun-k3y']],
    create: (baseUrl) => mailgun({ apiKey: 'ma1lgun-k3y', domain: 'mg.example.org', from, ...at(baseUrl) }),
    requests: [mail],
    hosts: ['api.mailgun.net'],
    refusal: (words) => json({ message: words }, 401),
  },
  {
    name: 'postmark',
    secrets: ['p0stmark-server-t0ken'],
    create: (baseUrl) => postmark({ serverToken: 'p0stmark-server-t0ken', from, ...at(baseUrl) }),
    requests: [mail],
    hosts: ['api.postmarkapp.com'],
    refusal: (words) => json({ ErrorCode: 10, Message: words }, 401),
  },
  {
    name: 'resend',
    secrets: ['re_s3nd_k3y'],
    create: (baseUrl) => resend({ apiKey: 're_s3nd_k3y', from, ...at(baseUrl) }),
    requests: [mail],
    hosts: ['api.resend.com'],
    refusal: (words) => json({ name: 'restricted_api_key', message: words, statusCode: 401 }, 401),
  },
  {
    name: 'ses',
    secrets: ['aws-s3cret-access-key', 'aws-sess10n-token'],
    create: (baseUrl) =>
      ses({
        region: 'eu-central-1',
        credentials: {
          accessKeyId: 'AKIA0123456789',
          secretAccessKey: 'aws-s3cret-access-key',
          sessionToken: 'aws-sess10n-token',
        },
        from,
        configurationSet: 'events',
        ...at(baseUrl),
      }),
    requests: [mail],
    hosts: ['email.eu-central-1.amazonaws.com'],
    refusal: (words) => json({ __type: 'SignatureDoesNotMatchException', message: words }, 403),
  },
]
