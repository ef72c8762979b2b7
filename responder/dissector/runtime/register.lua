-- How Wireshark comes to the dissector: by port, by what a stream begins with, by `Decode as`, for
-- captures of spdm-emu, and for the plaintext interface of captures of spdm-responder.

local DEFAULT_PORTS = "2323,4194"
local DSP0287_PORT = 4194
local ZBOSS_NCP = 214 -- the number of link type 292, which captures of spdm-emu have for DOE

spdm.prefs.ports = Pref.range(
  "TCP ports", DEFAULT_PORTS, "Ports of spdm-emu's socket protocol, DSP0287 and bare DOE data objects", 65535)

spdm.prefs.certificates = Pref.bool(
  "Dissect certificates", true, "Show X.509 certificates field by field")

local function source_of(pinfo)
  return tostring(pinfo.src) .. " " .. pinfo.src_port
end

local function ends_of(pinfo)
  local source = source_of(pinfo)
  local destination = tostring(pinfo.dst) .. " " .. pinfo.dst_port
  if destination < source then source, destination = destination, source end
  return source .. " " .. destination
end

local function place_of(buffer, at, stop, pinfo, tree, ends)
  local c, root = conversation_of(ends), tree:add(spdm, buffer(at, stop - at))
  root:set_text("SPDM")
  c.requester = c.requester or source_of(pinfo)
  return {
    c = c, tree = tree, root = root, pinfo = pinfo, info = {}, answers = c.requester ~= source_of(pinfo),
    key = string.format("%d %d %d", pinfo.number, buffer:offset() + at, stop - at),
  }
end

local function show_columns(place, pinfo)
  pinfo.cols.protocol:set("SPDM")
  pinfo.cols.info:set(table.concat(place.info, ", ") .. " ")
  pinfo.cols.info:fence()
end

local function show_frame(framing, buffer, at, stop, pinfo, tree)
  local place = place_of(buffer, at, stop, pinfo, tree, ends_of(pinfo))
  FRAMINGS[framing].show(place, buffer, at, stop)
  show_columns(place, pinfo)
end

local function wait_for_more(pinfo, at, size)
  pinfo.desegment_offset = at
  pinfo.desegment_len = size or DESEGMENT_ONE_MORE_SEGMENT
end

local function show_cut(buffer, at, size, pinfo, tree, text)
  local place = place_of(buffer, at, size, pinfo, tree, ends_of(pinfo))
  nameless(place, buffer, at, size, text)
  complain(place.root, "length", text)
  show_columns(place, pinfo)
end

-- The framing of a stream is that of the first bytes that tell it; until then what is usual on its port.
local function framing_of_stream(c, buffer, at, size, pinfo)
  c.framing = c.framing or framing_of(buffer, at, size)
  return c.framing or (pinfo.match_uint == DSP0287_PORT and "dsp0287" or "socket")
end

function spdm.dissector(buffer, pinfo, tree)
  local c, at, size = conversation_of(ends_of(pinfo)), 0, buffer:len()
  while at < size do
    local left = size - at
    if left < 4 and pinfo.can_desegment > 0 then wait_for_more(pinfo, at) return size end
    local framing = framing_of_stream(c, buffer, at, size, pinfo)
    local least = FRAMINGS[framing].least
    local whole = left >= least and FRAMINGS[framing].size(buffer, at) or least
    if whole > MOST_OF_A_FRAME then
      show_cut(buffer, at, size, pinfo, tree, string.format("a frame of %d bytes is not believed", whole))
      return size
    end
    if left < whole and pinfo.can_desegment > 0 then
      wait_for_more(pinfo, at, left >= least and whole - left or nil)
      return size
    end
    if left < least then
      show_cut(buffer, at, size, pinfo, tree, "a header is cut short")
      return size
    end
    local stop = math.min(at + whole, size)
    show_frame(framing, buffer, at, stop, pinfo, tree)
    at = stop
  end
  return size
end

local function heuristic(buffer, pinfo, tree)
  if not is_ours(buffer, buffer:len()) then return false end
  pinfo.conversation = spdm
  spdm.dissector(buffer, pinfo, tree)
  return true
end

local tcp_port = DissectorTable.get("tcp.port")
local registered = ""

local function register_ports()
  local ports = tostring(spdm.prefs.ports or "")
  if ports == registered then return end
  if registered ~= "" then tcp_port:remove(registered, spdm) end
  if ports ~= "" then tcp_port:add(ports, spdm) end
  registered = ports
end

function spdm.prefs_changed() register_ports() end

function spdm.init()
  conversations, memory = {}, {}
  read_keys()
end

register_ports()
tcp_port:add_for_decode_as(spdm)
spdm:register_heuristic("tcp", heuristic)

-- One message a packet: link types of spdm-emu's own captures (or any DLT_USER), `Decode as`.

local function packet_dissector(name, title, show)
  local proto = Proto(name, title)
  function proto.dissector(buffer, pinfo, tree)
    local size = buffer:len()
    if size == 0 then return 0 end
    local place = place_of(buffer, 0, size, pinfo, tree, name)
    show(place, buffer, size)
    show_columns(place, pinfo)
    return size
  end
  return proto
end

local MCTP_HEADER, MCTP_WHOLE = 4, 0xC0

-- An MCTP packet (DSP0236): its header, and the message if this packet has all of it.
packet_dissector("spdm_mctp", "SPDM in MCTP packets", function(place, buffer, size)
  if too_short(place, buffer, 0, size, MCTP_HEADER, "MCTP packet") then return end
  if band(byte_at(buffer, MCTP_HEADER - 1), MCTP_WHOLE) ~= MCTP_WHOLE then
    return nameless(place, buffer, MCTP_HEADER, size, "a part of an MCTP message")
  end
  BINDINGS[1](place, buffer, MCTP_HEADER, size)
end)

local doe = packet_dissector("spdm_doe", "SPDM in DOE data objects", function(place, buffer, size)
  BINDINGS[2](place, buffer, 0, size)
end)

-- Link type 292 belongs to another protocol, whose packets are left to it.
local link_types = DissectorTable.get("wtap_encap")
local others = link_types:get_dissector(ZBOSS_NCP)
local doe_or_other = Proto("spdm_link_292", "SPDM in captures of link type 292")

function doe_or_other.dissector(buffer, pinfo, tree)
  local size = buffer:len()
  local is_doe = size >= DOE_HEADER and framing_of(buffer, 0, size) == "doe"
  if is_doe or not others then return doe.dissector(buffer, pinfo, tree) end
  pcall(others.call, others, buffer, pinfo, tree) -- it may find its packet malformed, and say so
  return size
end
link_types:add(ZBOSS_NCP, doe_or_other)

-- What secured records carried, in captures that have it (LINKTYPE_WIRESHARK_UPPER_PDU).

local PLAINTEXT_HEADER = 8
local plaintext = Proto("spdm_plaintext", "SPDM in secured records")

function plaintext.dissector(buffer, pinfo, tree)
  local size = buffer:len()
  if size == 0 then return 0 end
  local place = place_of(buffer, 0, size, pinfo, tree, ends_of(pinfo))
  if not too_short(place, buffer, 0, size, PLAINTEXT_HEADER, "plaintext") then
    local _, f = header(place, "plaintext_header", buffer, 0, PLAINTEXT_HEADER)
    place.root:append_text(string.format(", in session 0x%08x", f.session_id))
    if f.kind == 0 then
      recall_opened(place, buffer, PLAINTEXT_HEADER, size)
      message(place, buffer, PLAINTEXT_HEADER, size, 0)
    else
      nameless(place, buffer, PLAINTEXT_HEADER, size, "application data")
    end
  end
  show_columns(place, pinfo)
  return size
end
