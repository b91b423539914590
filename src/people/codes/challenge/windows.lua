-- What admit.lua and take.lua have in common: sliding windows. A sorted set holds what counted, by its time in
-- microseconds, which a double holds exactly until the year 2255.

local function windows_from(first, count)
    local windows, longest = {}, 0
    for i = 1, count do
        local at = first + 2 * (i - 1)
        windows[i] = { most = tonumber(ARGV[at]), length = tonumber(ARGV[at + 1]) }
        longest = math.max(longest, windows[i].length)
    end
    return windows, longest
end

-- When there is room in every window: now, or when enough has left the fullest.
local function next_at(counted, windows, now)
    local at, count = now, redis.call('ZCARD', counted)
    for _, window in ipairs(windows) do
        if count >= window.most then
            local oldest = count - window.most
            local found = redis.call('ZRANGE', counted, oldest, oldest, 'WITHSCORES')
            if found[2] then at = math.max(at, tonumber(found[2]) + window.length) end
        end
    end
    return at
end

-- Counts one, unless it was counted before, and answers whether it is new and what to reply.
local function take(counted, id, now, first, count, not_before)
    local windows, longest = windows_from(first, count)
    local is_new = not redis.call('ZSCORE', counted, id)
    if is_new then
        local at = math.max(next_at(counted, windows, now), not_before)
        if at > now then return false, { 0, at - now } end
        -- First what a server without memory refuses: after any other write it would let the script do as it likes.
        redis.call('ZADD', counted, string.format('%.0f', now), id)
        redis.call('ZREMRANGEBYSCORE', counted, '-inf', string.format('%.0f', now - longest))
        redis.call('PEXPIRE', counted, math.max(1, math.ceil(longest / 1000)))
    end
    local reply = { 1, next_at(counted, windows, now) - now }
    for _, window in ipairs(windows) do
        local used = redis.call('ZCOUNT', counted, '(' .. string.format('%.0f', now - window.length), '+inf')
        reply[#reply + 1] = math.max(0, window.most - used)
    end
    return is_new, reply
end
