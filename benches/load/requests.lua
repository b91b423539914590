-- The requests of scripts/bench, for wrk: fresh random ids and terms in each. benches/load/data.sql says what the ids mean.

local LAB = "/v1/labs/01993f2e-0004-7000-8000-100000000000"

local function id(kind, n)
    return string.format("01993f2e-%s-7000-8000-1%011d", kind, n)
end

-- A container of the largest lab that can be drawn from.
local function bottle()
    return 50 * math.random(0, 9999) + 5 * math.random(1, 9) + math.random(0, 1)
end

local function raw(method, path, headers, body)
    local head = method .. " " .. path .. " HTTP/1.1\r\nHost: bench\r\n" .. headers
    if not body then return head .. "\r\n" end
    return head .. "Content-Type: application/json\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

local function lines(file)
    local found = {}
    for line in io.lines(file) do found[#found + 1] = line end
    return found
end

local function encoded(text)
    return (text:gsub("[^%w%-]", function(c) return string.format("%%%02X", c:byte()) end))
end

local operations = {}

function operations.get()
    return "GET", LAB .. "/containers/" .. id("0000", bottle())
end

function operations.page()
    return "GET", LAB .. "/containers?location_id=" .. id("0005", math.random(0, 799))
end

function operations.search(terms)
    return "GET", "/v1/chemicals?q=" .. encoded(terms[math.random(#terms)])
end

function operations.search_lab(terms)
    return "GET", LAB .. "/containers?limit=20&q=" .. encoded(terms[math.random(#terms)])
end

function operations.withdraw()
    local n = bottle()
    local unit = math.floor(n / 50) % 2 == 0 and "mL" or "g"
    return "POST", LAB .. "/containers/" .. id("0000", n) .. "/events",
        '{"type":"withdraw","amount":{"value":"0.001","unit":"' .. unit .. '"}}'
end

function operations.create()
    return "POST", LAB .. "/containers", string.format(
        '{"chemical_id":"%s","location_id":"%s","amount":{"value":"500","unit":"mL"},"low_at":{"value":"50","unit":"mL"},'
            .. '"lot":"LOT%d","supplier":"Supplier 1","expires_on":"2028-06-30"}',
        id("0002", math.random(0, 99999)), id("0005", math.random(91, 799)), math.random(0, 12499))
end

-- A login is two requests. wrk does not say whose answer it shows, so any connection takes up any challenge.
local phones, challenges, first, last = 0, {}, 1, 0

function operations.login()
    if first <= last then
        local challenge = challenges[first]
        challenges[first], first = nil, first + 1
        return "POST", "/v1/auth/otp/verify", '{"challenge_id":"' .. challenge .. '","code":"123456"}'
    end
    phones = phones % 5999 + 1
    return "POST", "/v1/auth/otp/request",
        string.format('{"phone":"+1%d55501%02d"}', 201 + math.floor(phones / 100), phones % 100)
end

local function keep_challenge(status, _, body)
    if status == 202 then
        last = last + 1
        challenges[last] = body:match('"challenge_id":"([^"]+)"')
    end
end

-- Arguments: the operation, a seed, the access token, the file of search terms.
function init(args)
    local operation, terms = args[1], lines(args[4])
    math.randomseed(tonumber(args[2]))
    phones = math.random(0, 5998)
    local headers = "Authorization: Bearer " .. args[3] .. "\r\n"
    if operation == "login" then
        headers, response = "", keep_challenge
    end
    request = function()
        local method, path, body = operations[operation](terms)
        return raw(method, path, headers, body)
    end
end

function request() end

-- Requests, microseconds, p50 and p99 in microseconds, failures.
function done(summary, latency)
    local errors = summary.errors
    io.write(string.format("result %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50),
        latency:percentile(99), errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
