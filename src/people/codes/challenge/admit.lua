-- Counts a code against its phone's limits and, within them, makes its challenge the live one.
-- Keys: what was sent to the phone, its challenge for this purpose, where the challenge's id leads.
-- Arguments: id, time, wait, three windows (most, length), MAC, guesses, lifetime, the same in milliseconds, holder.
local id, now = ARGV[1], time(ARGV[2])
local is_new, reply = take(KEYS[1], id, now, 4, 3, now + tonumber(ARGV[3]))
if is_new then
    redis.call('DEL', KEYS[2])
    redis.call('HSET', KEYS[2], 'id', id, 'mac', ARGV[10], 'guesses', ARGV[11], 'end',
        string.format('%.0f', now + tonumber(ARGV[12])))
    redis.call('PEXPIRE', KEYS[2], ARGV[13])
    redis.call('SET', KEYS[3], ARGV[14], 'PX', ARGV[13])
end
return reply
