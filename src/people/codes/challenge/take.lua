-- Counts one against two windows. Key: what was counted. Arguments: id, time, two windows (most, length).
local _, reply = take(KEYS[1], ARGV[1], time(ARGV[2]), 3, 2, 0)
return reply
