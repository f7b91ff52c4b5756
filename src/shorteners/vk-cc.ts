import type { Shortener } from '../contract/links.ts'
import { createHttp, type HttpOptions } from '../wire/http.ts'
import { fieldsOf } from '../wire/json.ts'
import { checkNames, checkOptions, isText } from '../wire/options.ts'
import { httpShortener } from '../wire/shortener.ts'
import { vkKindOf, vkVersion } from '../wire/vk.ts'

/** Options of `vkCc`. */
export interface VkCcOptions extends HttpOptions {
  /** A token of a user, a community or a service. */
  readonly accessToken: string
  /** Only its owner sees the link's statistics. Default false. */
  readonly isPrivate?: boolean
}

/**
 * Shortens links with VKontakte's vk.cc (`utils.getShortLink`, version 5.199 of the VK API; VKCOM/vk-api-schema). The token travels in the body. VK
 * answers 200 to everything; its error codes decide.
 */
export function vkCc(options: VkCcOptions): Shortener {
  checkNames('vkCc', options, ['accessToken', 'isPrivate', 'baseUrl', 'fetch'])
  const { accessToken, isPrivate = false, baseUrl = 'https://api.vk.com', fetch } = options
  checkOptions('vkCc', [
    ['accessToken', accessToken, isText(accessToken, /^[\x21-\x7e]+$/), 'be an access token, and nothing else'],
    ['isPrivate', isPrivate, typeof isPrivate === 'boolean', 'be true or false'],
  ])
  return httpShortener({
    vendor: 'vk.cc',
    http: createHttp('vk.cc', { baseUrl, fetch }),
    // [U]
    longest: 2048,
    example: 'https://vk.cc/xxxxxx',
    call: (url) => [
      'method/utils.getShortLink',
      { body: new URLSearchParams({ url, private: isPrivate ? '1' : '0', v: vkVersion, access_token: accessToken }) },
    ],
    read: (answer) => (answer.ok ? fieldsOf(fieldsOf(answer.json).response).short_url : undefined),
    refuse(answer) {
      const { error_code: code } = fieldsOf(fieldsOf(answer.json).error)
      return typeof code === 'number' ? { code, kind: vkKindOf(code) } : undefined
    },
  })
}
