import { describe, expect, test } from 'vitest'
import { viberParts } from '../../src/wire/viber.ts'

const imageUrl = 'https://example.org/a.png'
const button = (text: string) => ({ text, url: 'https://example.org/1' })

describe('viberParts', () => {
  test('makes the first button the button, and the others lines of text', () => {
    const content = { text: 'Hi', imageUrl, buttons: [button('Track'), button('Help')] }
    expect(viberParts(content)).toEqual({ text: 'Hi\nHelp: https://example.org/1', imageUrl, button: button('Track') })
  })

  test('takes a picture alone, 1000 characters, and a button of 30', () => {
    expect(viberParts({ text: '', imageUrl })).toEqual({ text: '', imageUrl, button: undefined })
    const content = { text: 'a'.repeat(1000), buttons: [button('b'.repeat(30))] }
    expect(viberParts(content)).toMatchObject({ text: content.text, button: content.buttons[0] })
  })

  test.each([
    ['nothing', { text: '' }, 'text'],
    ['a picture with a button and no text', { text: '', imageUrl, buttons: [button('Go')] }, 'text'],
    ['1001 characters', { text: 'a'.repeat(1001) }, 'text'],
    ['buttons that make the text too long', { text: 'a'.repeat(990), buttons: [button('Go'), button('Help')] }, 'text'],
    ['a button of 31 characters', { text: 'Hi', buttons: [button('b'.repeat(31))] }, 'buttons'],
    ['a button without words', { text: 'Hi', buttons: [button('')] }, 'buttons'],
  ])('refuses %s', (_, content, field) => {
    expect(() => viberParts(content)).toThrow(expect.objectContaining({ kind: 'content', field }))
  })
})
