-- Reads records: where each field lies, without showing anything.
-- A place in a buffer is an offset; `stop` is the end of what may be read, exclusive.

local function number_at(buffer, at, width, big_endian)
  if width == 8 then return buffer(at, 4):le_uint() + buffer(at + 4, 4):le_uint() * 2 ^ 32 end
  return big_endian and buffer(at, width):uint() or buffer(at, width):le_uint()
end

local function short_of(field, needed, left)
  return string.format("%s: needs %d bytes, %d are left", field.name, needed, left)
end

-- Each gives the value and the size in bytes, or nil and why it cannot be read.
local READERS = {}

function READERS.uint(field, buffer, at, stop, f, w)
  local width = field.width
  if type(width) == "function" then width = width(f, w) end
  if at + width > stop then return nil, short_of(field, width, stop - at) end
  return number_at(buffer, at, width, field.big_endian), width
end

function READERS.list(field, buffer, at, stop, f, w)
  local count, width = field.size(f, w), field.width
  if at + count * width > stop then return nil, short_of(field, count * width, stop - at) end
  local values = {}
  for index = 1, count do
    values[index] = number_at(buffer, at + (index - 1) * width, width, field.big_endian)
  end
  return values, count * width
end

function READERS.bytes(field, buffer, at, stop, f, w)
  local size, problem = field.size, nil
  if type(size) == "function" then size, problem = size(f, w, buffer, at, stop) end
  if problem then return nil, field.name .. ": " .. problem end
  if at + size > stop then return nil, short_of(field, size, stop - at) end
  return size, size
end

function READERS.rest(_, _, at, stop)
  return stop - at, stop - at
end

-- The fields of `record`, as far as they can be read: a list of {field, at, stop, value}; where
-- they end; their values by name, of bytes their number; and why there are no more.
local function read(record, buffer, at, stop, w)
  local spans, f = {}, {}
  for _, field in ipairs(record) do
    if not field.when or truthy(field.when(f, w)) then
      local value, size = READERS[field.kind](field, buffer, at, stop, f, w)
      if value == nil then return spans, at, f, size end
      f[field.name] = value
      if size > 0 then
        spans[#spans + 1] = {field = field, at = at, stop = at + size, value = value}
      end
      at = at + size
    end
  end
  if record.check then
    local problem = record.check(buffer, spans, f, w)
    if problem then return spans, at, f, problem end
  end
  return spans, at, f, nil
end

-- The records that fill a field, up to the first that cannot be read, and where they end.
local function split(record, buffer, at, stop, w)
  local pieces = {}
  while at < stop do
    local _, after, _, problem = read(record, buffer, at, stop, w)
    if problem or after == at then break end
    pieces[#pieces + 1] = {at = at, stop = after}
    at = after
  end
  return pieces, at
end

local function span_of(spans, name)
  for _, span in ipairs(spans) do
    if span.field.name == name then return span end
  end
  return nil
end

local function all_zero(buffer, at, stop)
  for place = at, stop - 1 do
    if buffer(place, 1):uint() ~= 0 then return false end
  end
  return true
end

-- Whether opaque data, or a log, is what its header says (OpaqueData, DmtfMel).

local DMTF_SPECIFICATION_ID = 0x444D5446

local function whole_opaque_data(buffer, spans, f, w)
  if f.specification_id and f.specification_id ~= DMTF_SPECIFICATION_ID then
    return string.format("SpecID is 0x%08x", f.specification_id)
  end
  local count, elements = 0, span_of(spans, "elements")
  if elements then
    local pieces, after = split(RECORDS.opaque_element, buffer, elements.at, elements.stop, w)
    if after ~= elements.stop then return "an element ends early" end
    for _, piece in ipairs(pieces) do
      local padding = span_of(read(RECORDS.opaque_element, buffer, piece.at, piece.stop, w), "padding")
      if padding and not all_zero(buffer, padding.at, padding.stop) then
        return "padding is not zero"
      end
    end
    count = #pieces
  end
  if count ~= f.total_elements then return "TotalElements differs from what is there" end
  return nil
end

local function whole_log(buffer, spans, f, w)
  local count, entries = 0, span_of(spans, "mel_entries")
  if entries then
    local pieces, after = split(RECORDS.mel_entry, buffer, entries.at, entries.stop, w)
    if after ~= entries.stop then return "an entry ends early" end
    count = #pieces
  end
  if count ~= f.number_of_entries then return "NumberOfEntries differs from what is there" end
  return nil
end

-- Sizes that only the bytes themselves tell.

local LEAST_OFFER = 30

local function size_of_offer(_, _, buffer, at, stop)
  local length = at + 4 <= stop and buffer(at + 2, 2):le_uint() or 0
  if length < LEAST_OFFER then
    return nil, string.format("Length says %d bytes, %d are the least", length, LEAST_OFFER)
  end
  return length
end

local function size_of_chain(_, _, buffer, at, stop)
  local length = at + 4 <= stop and buffer(at, 4):le_uint() or 0
  if length < 4 or at + length > stop then
    return nil, string.format("Length says %d bytes, %d are there", length, stop - at)
  end
  return length
end

local function size_of_events(f, w, buffer, at, stop)
  local first = at
  for number = 1, f.event_count do
    local _, after, _, problem = read(RECORDS.event, buffer, at, stop, w)
    if problem then return nil, string.format("event %d: %s", number, problem) end
    at = after
  end
  return at - first
end
