-- Makes a challenge as good as before its right code came. Key: the phone's challenge for this purpose.
-- Arguments: id, MAC of the code, the try that was told that it is right. Without its MAC the challenge was used up by it.
local try = 'try:' .. ARGV[3]
local kept = redis.call('HMGET', KEYS[1], 'id', 'mac', try)
if kept[1] == ARGV[1] and not kept[2] and kept[3] == 'right' then
    redis.call('HSET', KEYS[1], 'mac', ARGV[2])
    redis.call('HINCRBY', KEYS[1], 'guesses', 1)
    redis.call('HDEL', KEYS[1], try)
end
return 0
