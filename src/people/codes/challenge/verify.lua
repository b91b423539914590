-- Takes one guess. Key: the phone's challenge for this purpose. Arguments: id, MAC of the guess, try, time.
-- A verdict stays with its try, so that the same try, sent again, is told the same and counted once.
local try = 'try:' .. ARGV[3]
local kept = redis.call('HMGET', KEYS[1], 'id', 'mac', 'end', try)
if kept[1] ~= ARGV[1] then return 'gone' end
if kept[4] then return kept[4] end
if not kept[2] or time(ARGV[4]) >= tonumber(kept[3]) then return 'gone' end
local verdict = kept[2] == ARGV[2] and 'right' or 'wrong'
redis.call('HSET', KEYS[1], try, verdict)
local left = redis.call('HINCRBY', KEYS[1], 'guesses', -1)
-- What is left without its MAC answers to the tries that it has seen, and to no other.
if verdict == 'right' or left <= 0 then redis.call('HDEL', KEYS[1], 'mac') end
return verdict
