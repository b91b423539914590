-- Counts a code against its phone's limits and, within them, makes its challenge the live one.
-- Keys: what was sent to the phone, its challenge for this purpose, where the challenge's id leads.
-- Arguments: id, now, not before, three windows (most, length), MAC, guesses, end, milliseconds until then, holder.
local id, now = ARGV[1], tonumber(ARGV[2])
local is_new, reply = take(KEYS[1], id, now, 4, 3, tonumber(ARGV[3]))
if is_new then
    redis.call('DEL', KEYS[2])
    redis.call('HSET', KEYS[2], 'id', id, 'mac', ARGV[10], 'guesses', ARGV[11], 'end', ARGV[12])
    redis.call('PEXPIRE', KEYS[2], ARGV[13])
    redis.call('SET', KEYS[3], ARGV[14], 'PX', ARGV[13])
end
return reply
