-- The parts of fields whose structure depends on other fields of their message.
-- Each function gets what `dig` is given: `d` with buffer, at, stop (the field's bytes), f and spans
-- (of the record around it) and w. It gives a list of parts {name, at, stop, record, meaning, w},
-- in order and without gaps from the first byte on; none if it has none.

local REQUEST_BIT = 0x80
local HEADER_SIZE = 4

local function whole(d, name)
  local _, after, _, problem = read(RECORDS[name], d.buffer, d.at, d.stop, d.w)
  if problem or after ~= d.stop then return {} end
  return {{name = name, at = d.at, stop = d.stop, record = RECORDS[name]}}
end

-- A part, and the zeros behind it.
local function padded(d, part)
  if part.stop == d.stop or not all_zero(d.buffer, part.stop, d.stop) then return {part} end
  return {part, {name = "padding", at = part.stop, stop = d.stop}}
end

local function readable(d, name, w)
  local _, after, _, problem = read(RECORDS[name], d.buffer, d.at, d.stop, w or d.w)
  if problem then return nil end
  return {name = name, at = d.at, stop = after, record = RECORDS[name], w = w}
end

function PARTS.algorithms(d, asym_count, hash_count)
  local parts, at = {}, d.at
  for _, kind in ipairs({{"ext_asym", asym_count}, {"ext_hash", hash_count}}) do
    for index = 0, d.f[kind[2]] - 1 do
      if at + 4 > d.stop then return parts end
      parts[#parts + 1] = {name = string.format("%s[%d]", kind[1], index), at = at, stop = at + 4}
      at = at + 4
    end
  end
  for index, piece in ipairs(split(RECORDS.algorithm_structure, d.buffer, at, d.stop, d.w)) do
    parts[#parts + 1] = {
      name = string.format("structures[%d]", index - 1), at = piece.at, stop = piece.stop,
      record = RECORDS.algorithm_structure,
    }
  end
  return parts
end

-- The chain structure, if this portion is all of it and its hash is known.
function PARTS.chain(d)
  local size = d.stop - d.at
  if size < 4 or d.buffer(d.at, 4):le_uint() ~= size or d.w.hash_size == 0 then return {} end
  local part = readable(d, "certificate_chain")
  return part and {part} or {}
end

-- Where the DER element at `at` ends; nil if it is no SEQUENCE, or not whole.
local function der_end(buffer, at, stop)
  if stop - at < 2 or buffer(at, 1):uint() ~= 0x30 then return nil end
  local size, head = buffer(at + 1, 1):uint(), 2
  if size >= 0x80 then
    local count = size - 0x80
    size, head = 0, 2 + count
    if count > 4 or at + head > stop then return nil end
    if count > 0 then size = buffer(at + 2, count):uint() end
  end
  if size == 0 or at + head + size > stop then return nil end
  return at + head + size
end

function PARTS.certificates(d)
  local parts, at = {}, d.at
  while at < d.stop do
    local after = der_end(d.buffer, at, d.stop)
    if not after then return {} end
    parts[#parts + 1] = {
      name = string.format("certificates[%d]", #parts), at = at, stop = after, certificate = true,
    }
    at = after
  end
  return parts
end

local DEVICE_MODE = 5

function PARTS.measurement_value(d)
  return d.f.value_type % 0x80 == DEVICE_MODE and whole(d, "device_mode_value") or {}
end

local RESPONSE_NOT_READY = 0x42

function PARTS.extended_error_data(d)
  return d.f.error_code == RESPONSE_NOT_READY and whole(d, "response_not_ready_data") or {}
end

function PARTS.secured_element(d)
  if d.f.id ~= 0 or d.f.vendor ~= 0 or d.stop - d.at < 2 then return {} end
  local name = ELEMENTS[d.buffer(d.at + 1, 1):uint()]
  if not name or d.buffer(d.at, 1):uint() ~= 1 then return {} end
  return whole(d, name)
end

local CHUNKS = {chunk_send = true, chunk_send_ack = true, chunk_response = true}
local CHUNKS_AND_ENCAPSULATED = {
  chunk_send = true, chunk_send_ack = true, chunk_response = true, encapsulated_request = true,
  deliver_encapsulated_response = true, encapsulated_response_ack = true,
}

-- A message inside another; those of `never` could be in each other without end.
local function embedded(d, w, never)
  if d.stop - d.at < HEADER_SIZE then return {} end
  local name = MESSAGES[d.buffer(d.at + 1, 1):uint()]
  if not name or never[name] then return {} end
  local part = readable(d, name, w)
  if not part then return {} end
  part.name = string.lower(RECORDS[name].title)
  return padded(d, part)
end

-- Among encapsulated messages the requester is the one who answers.
local function of_requester(w)
  local mirrored = {}
  for name, value in pairs(w) do mirrored[name] = value end
  mirrored.signature_size = w.requester_signature_size
  mirrored.requester_signature_size = w.signature_size
  mirrored.multi_key = w.multi_key_requester
  mirrored.multi_key_requester = w.multi_key
  return mirrored
end

function PARTS.of_requester(d)
  return embedded(d, of_requester(d.w), CHUNKS_AND_ENCAPSULATED)
end

local ENCAPSULATED_REQUEST, REQ_SLOT_NUMBER = 1, 2

function PARTS.acknowledged(d)
  if d.f.payload_type == ENCAPSULATED_REQUEST then return PARTS.of_requester(d) end
  if d.f.payload_type == REQ_SLOT_NUMBER and d.at < d.stop then
    local slots = RECORDS.challenge_auth[3].shown.values
    local meaning = slots[d.buffer(d.at, 1):uint()]
    return {{name = "req_slot_number", at = d.at, stop = d.at + 1, meaning = meaning}}
  end
  return {}
end

function PARTS.chunk(d)
  local alone = d.f.chunk_seq_no == 0 and d.f.attributes % 2 == 1
  return alone and embedded(d, d.w, CHUNKS) or {}
end

function PARTS.large_response(d)
  return embedded(d, d.w, CHUNKS)
end

local PCI_SIG = 3

function PARTS.vendor_payload(d)
  local vendor = span_of(d.spans, "vendor_id")
  if d.f.standard_id ~= PCI_SIG or not vendor or vendor.value ~= 2 then return {} end
  local number = d.buffer(d.at, 1):uint()
  local protocol = PROTOCOLS[d.buffer(vendor.at, 2):le_uint() * 256 + number]
  if not protocol then return {} end
  local parts = {{name = "protocol_id", at = d.at, stop = d.at + 1, meaning = protocol.name}}
  local at = d.at + 1
  if d.stop - at <= protocol.code_at then return parts end
  local name = protocol.messages[d.buffer(at + protocol.code_at, 1):uint()] or protocol.raw
  local inside = {buffer = d.buffer, at = at, stop = d.stop, w = d.w}
  parts[2] = readable(inside, name)
  return parts
end

-- A report that is whole in one portion.
function PARTS.report(d, name)
  return d.f.remainder_length == 0 and whole(d, name) or {}
end

function PARTS.managed(d, side)
  local name = STRUCTURES[side][d.f.sub_code]
  local part = name and readable(d, name)
  return part and padded(d, part) or {}
end

-- The parts of a field that is a sequence of records.
local function sequence(d, field)
  local parts = {}
  for index, piece in ipairs(split(RECORDS[field.view], d.buffer, d.at, d.stop, d.w)) do
    parts[index] = {
      name = string.format("%s[%d]", field.name, index - 1), at = piece.at, stop = piece.stop,
      record = RECORDS[field.view],
    }
  end
  return parts
end
