import { createHash } from 'node:crypto'

/** A Lua script: every key it touches is among its KEYS. It never reads JSON: Lua would lose digits and empty arrays. */
export interface Script {
  readonly text: string
  readonly sha: string
}

function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

// A write is known by its id: `ioredis` sends again what a lost connection left unanswered, and the answer must be that of the first time.
const isOwn = "string.find(writes, ' ' .. write .. ' ', 1, true)"

// The record is written last: where another key is of a wrong type, the script fails before there is a record.
const schedule = `
if dueAt ~= '' then redis.call('ZADD', due, dueAt, id) end
if settledAt ~= '' then redis.call('ZADD', settled, settledAt, id) end`

// Best effort: a user who may not publish may still write.
const publish = `redis.pcall('PUBLISH', channel, write .. ' ' .. id)`

/**
 * KEYS: record, due, settled, count, then the idempotency key, the record that is known to be gone though it has that key, and the keys of
 * the attempts. ARGV: write, id, version, JSON, dueAt, settledAt, channel, 1 with an idempotency key, the id of the record that is gone.
 */
export const insertScript = script(`
local record, due, settled = KEYS[1], KEYS[2], KEYS[3]
local write, id, version, json, dueAt, settledAt, channel, keyed, gone = unpack(ARGV)
local rest = 5
local holder = false
if keyed == '1' then
  rest = gone == '' and 6 or 7
  holder = redis.call('GET', KEYS[5])
  if holder and holder ~= id and not (holder == gone and redis.call('EXISTS', KEYS[6]) == 0) then return {'taken', holder} end
end
local writes = redis.call('HGET', record, 'writes')
if writes then
  if ${isOwn} then return {'created'} end
  if holder == id then return {'taken', id} end
  return {'duplicate'}
end
local number = redis.call('INCR', KEYS[4])
for i = rest, #KEYS do redis.call('ZADD', KEYS[i], number, id) end
${schedule}
if keyed == '1' then redis.call('SET', KEYS[5], id) end
redis.call('HSET', record, 'version', version, 'writes', ' ' .. write .. ' ', 'number', number, 'json', json)
${publish}
return {'created'}`)

/** KEYS: record, due, settled, the keys of the attempts. ARGV: write, id, version, JSON, dueAt, settledAt, channel, the version expected. */
export const updateScript = script(`
local record, due, settled = KEYS[1], KEYS[2], KEYS[3]
local write, id, version, json, dueAt, settledAt, channel, expected = unpack(ARGV)
local held = redis.call('HMGET', record, 'version', 'writes', 'number')
local writes, number = held[2], held[3]
if held[1] ~= expected then return held[1] and ${isOwn} and 1 or 0 end
for i = 4, #KEYS do redis.call('ZADD', KEYS[i], number, id) end
${schedule}
if dueAt == '' then redis.call('ZREM', due, id) end
if settledAt == '' then redis.call('ZREM', settled, id) end
redis.call('HSET', record, 'version', version, 'writes', ' ' .. write .. string.sub(writes, 1, 1500), 'json', json)
${publish}
return 1`)

/** KEYS: record, due. ARGV: id. The record's JSON; where it is gone, whether it was due: then it no longer is. */
export const getScript = script(`
local json = redis.call('HGET', KEYS[1], 'json')
if json then return {json} end
return {false, redis.call('ZREM', KEYS[2], ARGV[1])}`)

/** KEYS: a key. ARGV: a command and what follows its key. In a script, so that no replica is asked, and the protocol's version is all one. */
export const commandScript = script(`return redis.call(ARGV[1], KEYS[1], unpack(ARGV, 2))`)

/**
 * KEYS: settled, then of each record: itself, the keys of its attempts, its idempotency key. ARGV: of each record: id, version ('' if it is
 * gone), number of the keys of its attempts, 1 with an idempotency key. Forgets those that are still of that version, and gives how many.
 */
export const pruneScript = script(`
local forgotten, key = 0, 2
for i = 1, #ARGV, 4 do
  local id, version, attempts, keyed = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
  if (redis.call('HGET', KEYS[key], 'version') or '') == version then
    for k = key + 1, key + attempts do redis.call('ZREM', KEYS[k], id) end
    local idempotency = KEYS[key + attempts + 1]
    if keyed == 1 and redis.call('GET', idempotency) == id then redis.call('DEL', idempotency) end
    redis.call('DEL', KEYS[key])
    forgotten = forgotten + redis.call('ZREM', KEYS[1], id)
  end
  key = key + 1 + attempts + keyed
end
return forgotten`)

/** KEYS: parked, count, the keys of the receipt. ARGV: receipt, now, the time at which it expires. */
export const parkScript = script(`
local expiresAt = redis.call('ZSCORE', KEYS[1], ARGV[1])
if expiresAt and tonumber(expiresAt) > tonumber(ARGV[2]) then return 0 end
local number = redis.call('INCR', KEYS[2])
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
for i = 3, #KEYS do redis.call('ZADD', KEYS[i], number, ARGV[1]) end
return 1`)

/** KEYS: parked, the keys asked for. Gives of each receipt: itself, the time at which it expires, its number. */
export const findParkedScript = script(`
local found = {}
for i = 2, #KEYS do
  local receipts = redis.call('ZRANGE', KEYS[i], 0, -1, 'WITHSCORES')
  for k = 1, #receipts, 2 do
    local expiresAt = redis.call('ZSCORE', KEYS[1], receipts[k])
    if expiresAt then
      table.insert(found, receipts[k])
      table.insert(found, expiresAt)
      table.insert(found, receipts[k + 1])
    end
  end
end
return found`)

/** KEYS: parked, then the keys of each receipt. ARGV: the latest expiry, then each receipt and the number of its keys. Gives how many are dropped. */
export const dropParkedScript = script(`
local dropped, key = 0, 2
for i = 2, #ARGV, 2 do
  local receipt, keys = ARGV[i], tonumber(ARGV[i + 1])
  local expiresAt = redis.call('ZSCORE', KEYS[1], receipt)
  if expiresAt and tonumber(expiresAt) <= tonumber(ARGV[1]) then
    redis.call('ZREM', KEYS[1], receipt)
    for k = key, key + keys - 1 do redis.call('ZREM', KEYS[k], receipt) end
    dropped = dropped + 1
  end
  key = key + keys
end
return dropped`)

/** KEYS: any of the store's, so that the node that has them is asked. Its maxmemory-policy, if this user may know. */
export const policyScript = script(`
local info = redis.pcall('INFO', 'memory')
return type(info) == 'string' and string.match(info, 'maxmemory_policy:([%w-]+)')`)
