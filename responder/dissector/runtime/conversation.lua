-- What the layout of the next message depends on: each conversation's negotiated sizes, and what
-- its requests asked for. Learned when packets are first seen, in their order; kept for each message.

local SUMMARY_NONE = 0
local V13, V14 = 0x13, 0x14
local MULTI_KEY_CONNECTION = 0x10
local HANDSHAKE_IN_THE_CLEAR = 0x8000
local MULTI_KEY_ONLY = 0x4000000
local MOST_OF_A_MESSAGE = 2 ^ 24

local function nothing_known()
  return {
    version = 0, hash_size = 0, measurement_hash_size = 0, signature_size = 0,
    requester_signature_size = 0, exchange_request_size = 0, exchange_response_size = 0,
    summary = false, signed = false, multi_key = false, multi_key_requester = false,
    handshake_in_the_clear = false, sequence_number_size = 0,
  }
end

local function changed(w, changes)
  local copy = {}
  for name, value in pairs(w) do copy[name] = value end
  for name, value in pairs(changes or {}) do copy[name] = value end
  return copy
end

-- Conversations by their two ends; `memory` has what a message was read with when it was first seen.
local conversations, memory = {}, {}

local function conversation_of(key)
  if not conversations[key] then
    conversations[key] = {
      w = nothing_known(), requester_flags = 0, multi_key_asked = false, embedded_asks = nil,
      request = 0, pieces = {}, framing = nil, opened = {},
    }
  end
  return conversations[key]
end

local function byte_at(buffer, at)
  return buffer(at, 1):uint()
end

-- The parts of a response that a request asks for; nil if it is no such request.
local function asked_for(buffer, at, stop)
  local code = byte_at(buffer, at + 1)
  if code == CODES.CHALLENGE then return {summary = byte_at(buffer, at + 3) ~= SUMMARY_NONE} end
  if code == CODES.KEY_EXCHANGE or code == CODES.PSK_EXCHANGE then
    return {summary = byte_at(buffer, at + 2) ~= SUMMARY_NONE}
  end
  if code == CODES.GET_MEASUREMENTS then return {signed = byte_at(buffer, at + 2) % 2 == 1} end
  if code == CODES.GET_ENDPOINT_INFO and stop - at > HEADER_SIZE then
    return {signed = byte_at(buffer, at + HEADER_SIZE) % 2 == 1}
  end
  return nil
end

local LEARN = {}

local function values_of(name, buffer, at, stop, w)
  local spans, _, f, problem = read(RECORDS[name], buffer, at, stop, w or nothing_known())
  if problem then return nil end
  return f, spans
end

function LEARN.GET_VERSION(c)
  c.w, c.multi_key_asked = nothing_known(), false
end

function LEARN.GET_CAPABILITIES(c, buffer, at, stop)
  local f = values_of("get_capabilities", buffer, at, stop)
  c.requester_flags = f and n(f.flags) or 0
end

function LEARN.CAPABILITIES(c, buffer, at, stop)
  local f = values_of("capabilities", buffer, at, stop)
  if not f or f.spdm_version < 0x10 or f.spdm_version > V14 then return end
  local both = band(c.requester_flags, f.flags)
  c.w = changed(nothing_known(), {
    version = f.spdm_version,
    multi_key = f.spdm_version >= V13 and band(f.flags, MULTI_KEY_ONLY) > 0,
    handshake_in_the_clear = band(both, HANDSHAKE_IN_THE_CLEAR) > 0,
  })
end

function LEARN.NEGOTIATE_ALGORITHMS(c, buffer, at, stop)
  local f = values_of("negotiate_algorithms", buffer, at, stop)
  if not f then return end
  local asked = band(f.other_params_support, MULTI_KEY_CONNECTION) > 0
  c.multi_key_asked = f.spdm_version >= V13 and asked
end

-- The sizes that the selected algorithm structures decide; none if these are not what is announced.
local function sizes_of_structures(buffer, f, trailer)
  local sizes = {}
  local at = trailer.at + 4 * (f.ext_asym_sel_count + f.ext_hash_sel_count)
  if at > trailer.stop then at = trailer.stop end
  local pieces, after = split(RECORDS.algorithm_structure, buffer, at, trailer.stop, nothing_known())
  if after ~= trailer.stop or #pieces ~= f.algorithm_structure_count then return sizes end
  for _, piece in ipairs(pieces) do
    local one = values_of("algorithm_structure", buffer, piece.at, piece.stop)
    local known = SIZES_OF_TYPE[one.alg_type]
    if known then
      if known.request and known.request[one.alg_supported] then
        sizes.exchange_request_size = known.request[one.alg_supported]
        sizes.exchange_response_size = known.response[one.alg_supported]
      elseif known.signature and known.signature[one.alg_supported] then
        sizes.requester_signature_size = known.signature[one.alg_supported]
      end
    end
  end
  return sizes
end

function LEARN.ALGORITHMS(c, buffer, at, stop)
  local f, spans = values_of("algorithms", buffer, at, stop)
  if not f then return end
  local signature = SIZES.base_asym[f.base_asym_sel]
  if not signature and f.spdm_version >= V14 then signature = SIZES.pqc_asym[f.pqc_asym_sel] end
  local selected = band(f.other_params_selection, MULTI_KEY_CONNECTION) > 0
  c.w = changed(c.w, {
    hash_size = SIZES.hash[f.base_hash_sel] or 0,
    measurement_hash_size = SIZES.measurement_hash[f.measurement_hash_algo] or 0,
    signature_size = signature or 0,
    multi_key = c.w.multi_key or c.multi_key_asked,
    multi_key_requester = f.spdm_version >= V13 and selected,
  })
  local trailer = span_of(spans, "trailer")
  if trailer then c.w = changed(c.w, sizes_of_structures(buffer, f, trailer)) end
end

local LEARN_BY_CODE = {}
for name, learn in pairs(LEARN) do LEARN_BY_CODE[CODES[name]] = learn end

-- Where the message begins that another one carries; nil if it carries none.
local function embedded_at(buffer, at, version)
  local code = byte_at(buffer, at + 1)
  if code == CODES.ENCAPSULATED_REQUEST or code == CODES.DELIVER_ENCAPSULATED_RESPONSE then
    return at + HEADER_SIZE
  end
  if code == CODES.ENCAPSULATED_RESPONSE_ACK and byte_at(buffer, at + 3) == ENCAPSULATED_REQUEST then
    return at + (version >= 0x12 and 8 or HEADER_SIZE)
  end
  return nil
end

-- Takes one message, and gives what it is to be read with.
local function learn(c, buffer, at, stop)
  local before, code = c.w, byte_at(buffer, at + 1)
  local asked = asked_for(buffer, at, stop)
  if asked then c.w = changed(c.w, asked) end
  if LEARN_BY_CODE[code] then LEARN_BY_CODE[code](c, buffer, at, stop) end
  -- A request also says how its response is laid out; a response speaks of what comes later.
  local w = code >= REQUEST_BIT and c.w or before
  if w.version == 0 then w = changed(w, {version = byte_at(buffer, at)}) end
  local inside = embedded_at(buffer, at, w.version)
  if not inside or stop - inside < HEADER_SIZE then return w end
  if byte_at(buffer, inside + 1) >= REQUEST_BIT then
    c.embedded_asks = asked_for(buffer, inside, stop) or {}
  end
  local asks = c.embedded_asks or {}
  return changed(w, {summary = asks.summary or false, signed = asks.signed or false})
end

local CARRIERS = {[0x85] = "chunk_send", [0x06] = "chunk_response"}

-- The large message of which this one is the last chunk; nil if it is none.
local function completed(c, buffer, at, stop, w)
  local name = CARRIERS[byte_at(buffer, at + 1)]
  local f, spans = nil, nil
  if name then f, spans = values_of(name, buffer, at, stop, w) end
  if not f then return nil end
  if f.large_message_size then c.pieces[name] = {bytes = ByteArray.new(), size = f.large_message_size} end
  local pieces = c.pieces[name]
  local chunk = span_of(spans, "spdm_chunk")
  if not pieces then return nil end
  if chunk and pieces.bytes:len() < MOST_OF_A_MESSAGE then
    pieces.bytes:append(buffer(chunk.at, chunk.stop - chunk.at):bytes())
  end
  if f.attributes % 2 == 0 then return nil end
  c.pieces[name] = nil
  local whole_message = pieces.bytes:len() == pieces.size and pieces.size >= HEADER_SIZE
  return whole_message and pieces.bytes or nil
end

-- Takes the next message of a conversation; gives what is to be remembered of it:
-- `w`, what it is read with; `asked`, whether it answers the request before it; of the large message
-- that it completes, `large` and `large_w`.
local function follow(c, buffer, at, stop)
  local code = byte_at(buffer, at + 1)
  local kept = {w = learn(c, buffer, at, stop), asked = c.request % REQUEST_BIT == code}
  if code >= REQUEST_BIT then c.request = code end
  kept.negotiated = c.w.hash_size > 0
  kept.large = completed(c, buffer, at, stop, kept.w)
  if kept.large then
    local inside = kept.large:tvb("SPDM message in chunks")
    kept.large_w = learn(c, inside, 0, kept.large:len())
  end
  if code == CODES.CHUNK_SEND_ACK then
    local f, spans = values_of("chunk_send_ack", buffer, at, stop, kept.w)
    local response = f and span_of(spans, "response_to_large_request")
    if response and response.stop - response.at >= HEADER_SIZE then
      learn(c, buffer, response.at, response.stop)
    end
  end
  return kept
end
