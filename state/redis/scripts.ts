// What Redis runs as one step each. Every script looks at the task's checkpoint first, so that only its owner, at its place in the log, reads or writes.
//
//   {app:0_3}                        hash: token, topic, offset, chunk, generation, marker, writer, incarnation, appendedAt,
//                                          and for each hash of entries  entries:<name>  and  bytes:<name>
//   {app:0_3}:<generation>:<name>    hash: the entries themselves; store-layout.ts names it
//
// All keys of a task share a hash tag, so they lie on one node. A generation is named after the token that began it: whatever an earlier one left
// behind, a later one never reads. Keys and values come packed, each behind its length: thousands of arguments would cost more than taking them apart.
import { checkpointFields } from './stored-checkpoint.ts'

/** Fields in one HMGET or HSET: Lua's stack takes 8,000 values. */
const GROUP = 2_000

const mismatch = `redis.error_reply('MISMATCH there are token ' .. tostring(there[1]) ..
    ', offset ' .. tostring(there[2]) .. ', chunk ' .. tostring(there[3]))`

/**
 * S5 and wiping. ARGV: token, topic id, and the log's end, or '' to wipe. Answers the checkpoint's fields.
 * What is there is kept when it is of this log, not ahead of it, and every hash has as many entries as were counted.
 */
export const claimScript = `
local checkpoint, token, topic, logEnd = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local there = redis.call('HMGET', checkpoint, 'token', 'topic', 'offset', 'generation')
local ours = there[2] == topic
if ours and tonumber(there[1]) > tonumber(token) then
  return redis.error_reply('FENCED by token ' .. there[1])
end
local kept = ours and logEnd ~= '' and tonumber(there[3]) <= tonumber(logEnd)
local hashes, fields = {}, redis.call('HGETALL', checkpoint)
for i = 1, #fields, 2 do
  local name = string.match(fields[i], '^entries:(.*)$')
  if name then
    local hash = checkpoint .. ':' .. there[4] .. ':' .. name
    hashes[#hashes + 1] = hash
    kept = kept and redis.call('HLEN', hash) == tonumber(fields[i + 1])
  end
end
if not kept then
  for _, hash in ipairs(hashes) do redis.call('UNLINK', hash) end
  redis.call('DEL', checkpoint)
  redis.call('HSET', checkpoint, 'topic', topic, 'offset', '0', 'appendedAt', '0', 'generation', token)
end
redis.call('HSET', checkpoint, 'token', token, 'chunk', '0')
return redis.call('HGETALL', checkpoint)
`

/** Collects from `ARGV[first]` on, for each hash its name and the keys: the values' lengths, −1 for none, and the values, in the order of the keys. */
const readValues = (first: number) => `
local lengths, values, count = {}, {}, 0
for i = ${first}, #ARGV, 2 do
  local hash = checkpoint .. ':' .. there[4] .. ':' .. ARGV[i]
  local packed, position = ARGV[i + 1], 1
  while position <= #packed do
    local keys, pending = {}, 0
    while position <= #packed and pending < ${GROUP} do
      pending = pending + 1
      keys[pending], position = struct.unpack('>I4c0', packed, position)
    end
    local found = redis.call('HMGET', hash, unpack(keys, 1, pending))
    for j = 1, pending do
      local value = found[j]
      count = count + 1
      lengths[count] = struct.pack('>i4', value and #value or -1)
      values[count] = value or ''
    end
  end
end
`

/** R2. ARGV: token, offset, then for each hash its name and the keys. Answers lengths and values. */
export const loadScript = `
local checkpoint = KEYS[1]
local there = redis.call('HMGET', checkpoint, 'token', 'offset', 'chunk', 'generation')
if there[1] ~= ARGV[1] or there[2] ~= ARGV[2] or there[3] ~= '0' then
  return ${mismatch}
end
${readValues(3)}
return { table.concat(lengths), table.concat(values) }
`

/** For whoever asks, between two flushes. ARGV: for each hash its name and the keys. Answers lengths, values and the checkpoint's fields; nothing when there is none. */
export const viewScript = `
local checkpoint = KEYS[1]
local there = redis.call('HMGET', checkpoint, 'token', 'offset', 'chunk', 'generation')
if not there[1] then
  return {}
end
if there[3] ~= '0' then
  return redis.error_reply('MOVING after chunk ' .. there[3])
end
${readValues(1)}
local answer = { table.concat(lengths), table.concat(values) }
for _, name in ipairs({ ${checkpointFields.map((name) => `'${name}'`).join(', ')} }) do
  local value = redis.call('HGET', checkpoint, name)
  if value then
    answer[#answer + 1], answer[#answer + 2] = name, value
  end
end
return answer
`

/**
 * R5 and S6, one chunk. ARGV: token, offset, chunk, number of hashes, for each of them its name, what is put and which keys are deleted;
 * then, with the last chunk, the fields that move the checkpoint. A key comes once. Answers for each hash how many entries and bytes were added.
 */
export const applyScript = `
local checkpoint, token, hashCount = KEYS[1], ARGV[1], tonumber(ARGV[4])
local there = redis.call('HMGET', checkpoint, 'token', 'offset', 'chunk', 'generation')
if there[1] and tonumber(there[1]) > tonumber(token) then
  return redis.error_reply('FENCED by token ' .. there[1])
end
if there[1] ~= token or there[2] ~= ARGV[2] or there[3] ~= ARGV[3] then
  return ${mismatch}
end
local entries, bytes

local function put(hash, packed)
  local position = 1
  while position <= #packed do
    local keys, fields, pending = {}, {}, 0
    while position <= #packed and pending < ${GROUP} do
      local key, value
      key, value, position = struct.unpack('>I4c0I4c0', packed, position)
      pending = pending + 1
      keys[pending], fields[2 * pending - 1], fields[2 * pending] = key, key, value
    end
    local before = redis.call('HMGET', hash, unpack(keys, 1, pending))
    for i = 1, pending do
      bytes = bytes + #fields[2 * i]
      if before[i] then
        bytes = bytes - #before[i]
      else
        entries, bytes = entries + 1, bytes + #keys[i]
      end
    end
    redis.call('HSET', hash, unpack(fields, 1, 2 * pending))
  end
end

local function delete(hash, packed)
  local position = 1
  while position <= #packed do
    local keys, pending = {}, 0
    while position <= #packed and pending < ${GROUP} do
      pending = pending + 1
      keys[pending], position = struct.unpack('>I4c0', packed, position)
    end
    local before = redis.call('HMGET', hash, unpack(keys, 1, pending))
    for i = 1, pending do
      if before[i] then entries, bytes = entries - 1, bytes - #keys[i] - #before[i] end
    end
    redis.call('HDEL', hash, unpack(keys, 1, pending))
  end
end

local added = {}
for i = 5, 4 + 3 * hashCount, 3 do
  local name = ARGV[i]
  local hash = checkpoint .. ':' .. there[4] .. ':' .. name
  entries, bytes = 0, 0
  put(hash, ARGV[i + 1])
  delete(hash, ARGV[i + 2])
  if redis.call('HINCRBY', checkpoint, 'entries:' .. name, entries) == 0 then
    redis.call('HDEL', checkpoint, 'entries:' .. name, 'bytes:' .. name)
  else
    redis.call('HINCRBY', checkpoint, 'bytes:' .. name, bytes)
  end
  added[#added + 1], added[#added + 2] = entries, bytes
end
if #ARGV > 4 + 3 * hashCount then
  redis.call('HDEL', checkpoint, 'marker', 'writer', 'incarnation')
  redis.call('HSET', checkpoint, 'chunk', '0', unpack(ARGV, 5 + 3 * hashCount))
else
  redis.call('HINCRBY', checkpoint, 'chunk', 1)
end
return added
`
