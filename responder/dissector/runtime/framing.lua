-- What is around messages: socket frames of spdm-emu, MCTP, data objects of DOE, DSP0287, storage
-- commands. A header that is not true is told, and what can be read behind it is read all the same.

local SOCKET_HEADER, DSP0287_HEADER, DOE_HEADER, STORAGE_HEADER = 12, 4, 8, 7
local MOST_OF_A_FRAME = 2 ^ 24
local NORMAL, IF_SEND, IF_RECV = 1, 2, 3
local DSP0287_SPDM, DSP0287_SECURED = 5, 6
local DOE_DISCOVERY, DOE_SPDM, DOE_SECURED, DOE_LAST = 0, 1, 2, 5
local DOE_PADDING = 3
local MCTP_SPDM, MCTP_SECURED = 5, 6
local SECURITY_PROTOCOL = 0xE8
local STORAGE_OPERATIONS = {[1] = "DISCOVERY", [2] = "PENDING_INFO", [5] = "MESSAGE", [6] = "SECURED_MESSAGE"}

-- What is fetched of the transport itself, by the size that it says to have.
local STORAGE_MANAGEMENT = {[12] = "storage_pending_info", [32] = "storage_discovery"}

local COMMANDS = RECORDS.socket_header[1].shown.values
local TRANSPORTS = RECORDS.socket_header[2].shown.values
local DSP0287_TYPES = RECORDS.dsp0287_message[3].shown.values

-- Shows the header that leads `at`, `size` bytes; gives its item and its values.
local function header(place, name, buffer, at, size)
  local item = place.root:add(FIELDS["spdm.part"], buffer(at, size))
  item:set_text(name)
  local _, f = show_record(RECORDS[name], buffer, at, at + size, nothing_known(), item, place.pinfo)
  return item, f
end

local function too_short(place, buffer, at, stop, needed, name)
  if stop - at >= needed then return false end
  nameless(place, buffer, at, stop, name)
  complain(place.root, "header", string.format("%d bytes are no %s header", stop - at, name))
  return true
end

local function looks_like_spdm(buffer, at, stop)
  return stop - at >= HEADER_SIZE and shifted(byte_at(buffer, at), 4) == 1
    and MESSAGES[byte_at(buffer, at + 1)] ~= nil
end

local BINDINGS = {}

local function plain_message(place, buffer, at, stop)
  message(place, buffer, at, stop, 0)
end

BINDINGS[0] = plain_message

BINDINGS[1] = function(place, buffer, at, stop)
  if too_short(place, buffer, at, stop, 1, "MCTP") then return end
  local item, f = header(place, "mctp_message", buffer, at, 1)
  if f.message_type >= 0x80 then complain(item, "header", "the integrity check bit is set") end
  local kind = f.message_type % 0x80
  if kind == MCTP_SPDM then return message(place, buffer, at + 1, stop, 0) end
  if kind == MCTP_SECURED then return secured_record(place, buffer, at + 1, stop, 0, 2, BINDINGS[1]) end
  nameless(place, buffer, at + 1, stop, string.format("MCTP message type 0x%02x", kind))
end

-- One entry of a device's list; what asks for it says nothing else than its index.
local function discovery(place, buffer, at, stop)
  if place.answers and stop - at >= 4 then
    header(place, "discovery_response", buffer, at, stop - at)
    return nameless(place, buffer, stop, stop, "DOE discovery")
  end
  nameless(place, buffer, at, stop, "DOE discovery")
end

BINDINGS[2] = function(place, buffer, at, stop)
  if too_short(place, buffer, at, stop, DOE_HEADER, "DOE") then return end
  local item, f = header(place, "doe_object", buffer, at, DOE_HEADER)
  local length = f.length % 2 ^ 18
  if length == 0 then length = 2 ^ 18 end
  if length * 4 ~= stop - at then
    complain(item, "length", string.format("DOE length %d DW, but %d bytes came", length, stop - at))
  end
  local body = at + DOE_HEADER
  if f.vendor_id == 1 and f.object_type == DOE_SPDM then
    return message(place, buffer, body, stop, DOE_PADDING)
  elseif f.vendor_id == 1 and f.object_type == DOE_SECURED then
    return secured_record(place, buffer, body, stop, DOE_PADDING, 0, plain_message)
  elseif f.vendor_id == 1 and f.object_type == DOE_DISCOVERY then
    return discovery(place, buffer, body, stop)
  end
  nameless(place, buffer, body, stop, string.format("data object %04x:%02x", f.vendor_id, f.object_type))
end

BINDINGS[3] = function(place, buffer, at, stop)
  if too_short(place, buffer, at, stop, DSP0287_HEADER, "DSP0287") then return end
  local item, f = header(place, "dsp0287_message", buffer, at, DSP0287_HEADER)
  local body = at + DSP0287_HEADER
  local carries = f.message_type == DSP0287_SPDM or f.message_type == DSP0287_SECURED
  if f.payload_length + 2 ~= stop - at and (carries or f.payload_length ~= 0) then
    complain(item, "length", string.format(
      "PayloadLength tells %d bytes, but %d came", f.payload_length + 2, stop - at))
  end
  if f.binding_version ~= 1 then
    complain(item, "header", string.format("binding version %d is not 1", f.binding_version))
  end
  if f.message_type == DSP0287_SPDM then return message(place, buffer, body, stop, 0) end
  if f.message_type == DSP0287_SECURED then
    return secured_record(place, buffer, body, stop, 0, 0, BINDINGS[3])
  end
  local name = DSP0287_TYPES[f.message_type] or string.format("type 0x%02x", f.message_type)
  nameless(place, buffer, body, stop, "DSP0287 " .. name)
end

-- The application data of storage: one descriptor, of type SPDM, and the message.
local DESCRIPTOR = 20

local function described_message(place, buffer, at, stop)
  if stop - at < DESCRIPTOR or byte_at(buffer, at) ~= 1 then
    return nameless(place, buffer, at, stop, "application data")
  end
  place.root:add(FIELDS["spdm.part_bytes"], buffer(at, DESCRIPTOR)):set_text("storage descriptor")
  message(place, buffer, at + DESCRIPTOR, stop, 0)
end

-- A command, and what it carries; of a command that only fetches, nothing.
local function storage_command(place, buffer, at, stop, carries)
  if too_short(place, buffer, at, stop, STORAGE_HEADER, "storage command") then return end
  local item, f = header(place, "storage_command_header", buffer, at, STORAGE_HEADER)
  local body, operation = at + STORAGE_HEADER, shifted(f.security_protocol_specific, 2)
  local name = STORAGE_OPERATIONS[operation] or string.format("operation 0x%02x", operation)
  if f.security_protocol ~= SECURITY_PROTOCOL then
    local wrong = string.format("security protocol 0x%02x is not SPDM's", f.security_protocol)
    complain(item, "header", wrong)
  end
  if not carries then
    return nameless(place, buffer, body, stop, string.format("fetch %s, at most %d bytes", name, f.length))
  end
  if f.length ~= stop - body then
    complain(item, "length", string.format("transfer length %d, but %d came", f.length, stop - body))
  end
  if name == "MESSAGE" then return message(place, buffer, body, stop, 0) end
  if name == "SECURED_MESSAGE" and stop - body >= 4 then
    return secured_record(place, buffer, body + 4, stop, 0, 2, described_message)
  end
  nameless(place, buffer, body, stop, "storage command " .. name)
end

-- What comes back to a storage command has no header: a record has four zeros before it.
local function fetched(place, buffer, at, stop)
  if stop - at >= 4 and all_zero(buffer, at, at + 4) then
    return secured_record(place, buffer, at + 4, stop, 0, 2, described_message)
  end
  if stop - at >= 2 and shifted(byte_at(buffer, at), 4) == 1 and byte_at(buffer, at + 1) < REQUEST_BIT then
    return message(place, buffer, at, stop, 0)
  end
  local size = stop - at >= 2 and buffer(at, 2):le_uint() or 0
  local record = STORAGE_MANAGEMENT[size]
  if record and size <= stop - at then
    header(place, record, buffer, at, size)
    return nameless(place, buffer, at + size, stop, record)
  end
  nameless(place, buffer, at, stop, "management of storage")
end

local function socket_payload(place, buffer, at, stop, f)
  if f.command == IF_SEND then return storage_command(place, buffer, at, stop, true) end
  if f.command == IF_RECV then
    local asks = stop - at == STORAGE_HEADER and byte_at(buffer, at) == SECURITY_PROTOCOL
    if asks then return storage_command(place, buffer, at, stop, false) end
    return fetched(place, buffer, at, stop)
  end
  if f.command ~= NORMAL then
    local name = COMMANDS[f.command] or string.format("0x%x", f.command)
    return nameless(place, buffer, at, stop, "socket command " .. name)
  end
  local binding = BINDINGS[f.transport]
  if binding then return binding(place, buffer, at, stop) end
  nameless(place, buffer, at, stop, string.format("transport 0x%x", f.transport))
end

-- Framings of a stream: how long what begins at `at` is, header included, and what shows it.
local FRAMINGS = {
  socket = {least = SOCKET_HEADER},
  dsp0287 = {least = DSP0287_HEADER, show = BINDINGS[3]},
  doe = {least = DOE_HEADER, show = BINDINGS[2]},
}

function FRAMINGS.socket.size(buffer, at)
  return SOCKET_HEADER + buffer(at + 8, 4):uint()
end

function FRAMINGS.socket.show(place, buffer, at, stop)
  local item, f = header(place, "socket_header", buffer, at, SOCKET_HEADER)
  if f.size ~= stop - at - SOCKET_HEADER then
    complain(item, "length", string.format("size %d, but %d bytes came", f.size, stop - at - SOCKET_HEADER))
  end
  socket_payload(place, buffer, at + SOCKET_HEADER, stop, f)
end

function FRAMINGS.dsp0287.size(buffer, at)
  return math.max(buffer(at, 2):le_uint() + 2, DSP0287_HEADER)
end

function FRAMINGS.doe.size(buffer, at)
  local length = buffer(at + 4, 4):le_uint() % 2 ^ 18
  if length == 0 then length = 2 ^ 18 end
  return math.max(length * 4, DOE_HEADER)
end

-- Which framing the bytes at `at` begin with; nil if none can be told.
local function framing_of(buffer, at, size)
  local left = size - at
  if left < 4 then return nil end
  local command = buffer(at, 4):uint()
  if COMMANDS[command] and (left < 8 or TRANSPORTS[buffer(at + 4, 4):uint()]) then return "socket" end
  if byte_at(buffer, at + 2) == 1 and DSP0287_TYPES[byte_at(buffer, at + 3)] then return "dsp0287" end
  local type_and_reserved = buffer(at + 2, 2):le_uint()
  if buffer(at, 2):le_uint() == 1 and type_and_reserved <= DOE_LAST then return "doe" end
  return nil
end

-- Whether a stream that nobody claims is ours: its first bytes are a whole header, and fit what follows.
local function is_ours(buffer, size)
  local framing = framing_of(buffer, 0, size)
  if not framing or size < FRAMINGS[framing].least then return false end
  local whole = FRAMINGS[framing].size(buffer, 0)
  if whole > MOST_OF_A_FRAME then return false end
  if framing == "dsp0287" then
    if byte_at(buffer, 3) == DSP0287_SPDM then return looks_like_spdm(buffer, 4, size) end
    return whole == size
  end
  if framing == "doe" then
    if byte_at(buffer, 2) == DOE_SPDM then return looks_like_spdm(buffer, 8, size) end
    return whole == size
  end
  return true
end
