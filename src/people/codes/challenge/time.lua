-- What the scripts begin with: the time in microseconds, by this server's clock unless the caller says what it is.
local function time(said)
    if said ~= '' then return tonumber(said) end
    local clock = redis.call('TIME')
    return tonumber(clock[1]) * 1000000 + tonumber(clock[2])
end

