-- Numbers as in Lua 5.2 and 5.4 alike: neither has the other's bit operations.

local RECORDS, MESSAGES, ELEMENTS, STRUCTURES, PROTOCOLS = {}, {}, {}, {}, {}
local SHOWN, ALGORITHMS_OF_TYPE, CODES, SIZES, SIZES_OF_TYPE
local PARTS, TEXTS = {}, {}

-- A field that is not there counts as 0.
local function n(value)
  if value == true then return 1 end
  return value or 0
end

local function truthy(value)
  return value ~= nil and value ~= false and value ~= 0
end

local function shifted(value, by)
  return math.floor(value / 2 ^ by)
end

local function band(a, b)
  local result, place = 0, 1
  while a > 0 and b > 0 do
    if a % 2 >= 1 and b % 2 >= 1 then result = result + place end
    a, b, place = math.floor(a / 2), math.floor(b / 2), place * 2
  end
  return result
end

local function bit_count(value)
  local count = 0
  while value > 0 do
    count, value = count + value % 2, math.floor(value / 2)
  end
  return count
end

-- The texts of numbers for which no table was written.

function TEXTS.version_entry(value)
  local text = string.format("%d.%d", shifted(value, 12) % 16, shifted(value, 8) % 16)
  local update, alpha = shifted(value, 4) % 16, value % 16
  if update > 0 then text = text .. string.format(".%d", update) end
  if alpha > 0 then text = text .. string.format(" alpha %d", alpha) end
  return text
end

function TEXTS.key_usage(value)
  local uses = {}
  for _, use in ipairs({
    {0x0001, "KEY_EX"}, {0x0002, "CHALLENGE"}, {0x0004, "MEASUREMENT"}, {0x0008, "ENDPOINT_INFO"},
    {0x4000, "STANDARDS"}, {0x8000, "VENDOR"},
  }) do
    if band(value, use[1]) > 0 then uses[#uses + 1] = use[2] end
  end
  return #uses > 0 and table.concat(uses, " | ") or "none"
end

function TEXTS.function_id_text(value)
  local text = string.format(
    "%02x:%02x.%d", shifted(value, 8) % 256, shifted(value, 3) % 32, value % 8)
  if shifted(value, 24) % 2 == 0 then return text end
  return string.format("%04x:%s", shifted(value, 16) % 256, text)
end

local function names_of_bits(bits, value)
  local names, known = {}, 0
  for _, one in ipairs(bits) do
    known = known + one.bit
    if band(value, one.bit) > 0 then names[#names + 1] = one.name end
  end
  local unknown = value - band(value, known)
  if unknown > 0 then names[#names + 1] = string.format("0x%x", unknown) end
  return #names > 0 and table.concat(names, ", ") or "none"
end

function TEXTS.algorithms_of_type(value, f)
  local shown = ALGORITHMS_OF_TYPE[f.alg_type]
  return shown and names_of_bits(shown.bits, value) or string.format("%d", value)
end
