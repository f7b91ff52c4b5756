import { describe, expect, test } from 'vitest'
import { templateFor } from '../../src/wire/whatsapp.ts'

const approved = { name: 'order', language: 'en' }
const imageUrl = 'https://example.org/a.png'
const windowThatIs = (open: boolean) => ({ isOpen: () => open, wrote: () => {} })

describe('templateFor', () => {
  test('gives the template before the text where nobody knows of the window', async () => {
    expect(await templateFor({ text: 'Hi', approved }, '+420777123456', undefined)).toBe(approved)
    expect(await templateFor({ text: 'Hi' }, '+420777123456', undefined)).toBeUndefined()
    expect(await templateFor({ imageUrl }, '+420777123456', undefined)).toBeUndefined()
  })

  test('lets text and picture go while the window is open, and the template go else', async () => {
    expect(await templateFor({ text: 'Hi', approved }, '1', windowThatIs(true))).toBeUndefined()
    expect(await templateFor({ imageUrl, approved }, '1', windowThatIs(true))).toBeUndefined()
    expect(await templateFor({ text: 'Hi', approved }, '1', windowThatIs(false))).toBe(approved)
    expect(await templateFor({ approved }, '1', windowThatIs(true))).toBe(approved)
  })

  test('refuses what cannot go', async () => {
    const closed = { kind: 'content', field: 'approved', vendorCode: 'WINDOW_CLOSED' }
    await expect(templateFor({ text: 'Hi' }, '1', windowThatIs(false))).rejects.toMatchObject(closed)
    await expect(templateFor({ text: '' }, '1', undefined)).rejects.toMatchObject({ kind: 'content', field: 'text' })
  })

  test('can be tried again where the window’s store is down, of which it shows nothing', async () => {
    const window = { isOpen: () => Promise.reject(new Error('postgres://user:secret@db')), wrote: () => {} }
    const failure = { kind: 'transient', message: expect.not.stringContaining('secret') }
    await expect(templateFor({ text: 'Hi', approved }, '1', window)).rejects.toMatchObject(failure)
  })
})
