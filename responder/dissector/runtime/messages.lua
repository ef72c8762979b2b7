-- SPDM messages and secured records, without what their transport puts around them.
-- `place` says where bytes came from: c (the conversation), key (unique to this message, whenever it
-- is looked at), tree, root (the item of the whole), pinfo, and info (a list of texts for the column).

-- Responses with a part that the request asked for, and what it is called.
local PART_ASKED_FOR = {
  [CODES.CHALLENGE_AUTH] = "summary", [CODES.MEASUREMENTS] = "signed",
  [CODES.ENDPOINT_INFO] = "signed", [CODES.KEY_EXCHANGE_RSP] = "summary",
  [CODES.PSK_EXCHANGE_RSP] = "summary",
}
-- Messages whose layout depends on what was negotiated.
local SIZED = {
  [CODES.DIGESTS] = true, [CODES.CHALLENGE_AUTH] = true, [CODES.MEASUREMENTS] = true,
  [CODES.ENDPOINT_INFO] = true, [CODES.KEY_EXCHANGE] = true, [CODES.KEY_EXCHANGE_RSP] = true,
  [CODES.FINISH] = true, [CODES.FINISH_RSP] = true, [CODES.PSK_EXCHANGE_RSP] = true,
  [CODES.PSK_FINISH] = true,
}
local NAMES = {}
for name, code in pairs(CODES) do NAMES[code] = name end

local function name_of(code)
  return NAMES[code] or string.format("0x%02x", code)
end

local function fits(record, buffer, at, stop, padding, w)
  local _, after, _, problem = read(record, buffer, at, stop, w)
  return not problem and stop - after <= padding
end

-- Nobody saw the request that says whether a part is there: the message itself may.
local function read_with(record, buffer, at, stop, padding, kept)
  local part = PART_ASKED_FOR[byte_at(buffer, at + 1)]
  if kept.asked or not part or fits(record, buffer, at, stop, padding, kept.w) then return kept.w end
  local with_it = changed(kept.w, {[part] = true})
  return fits(record, buffer, at, stop, padding, with_it) and with_it or kept.w
end

local function summary_of(buffer, at, f)
  local text = name_of(byte_at(buffer, at + 1))
  if f.error_code then
    local names = RECORDS.error[3].shown.values
    text = text .. " " .. (names[f.error_code] or string.format("0x%02x", f.error_code))
  end
  return text
end

local function show_message(place, buffer, at, stop, padding, w, negotiated, asked)
  local code, version = byte_at(buffer, at + 1), byte_at(buffer, at)
  local record = RECORDS[MESSAGES[code] or "raw_message"]
  w = read_with(record, buffer, at, stop, padding, {w = w, asked = asked})
  local root = place.root
  local f, problem = show_whole(record, buffer, at, stop, padding, w, root, place.pinfo)
  local summary = summary_of(buffer, at, f)
  local label = string.format("%d.%d", shifted(version, 4), version % 16)
  root:append_text(string.format(", %s %s, %d bytes", summary, label, stop - at))
  place.info[#place.info + 1] = summary
  if not MESSAGES[code] then complain(root, "unknown", name_of(code) .. " is no code of SPDM") end
  if f.error_code then complain(root, "error", summary) end
  if problem and SIZED[code] and not negotiated then
    complain(root, "negotiated", "no ALGORITHMS before: sizes are not known")
  end
end

local function nameless(place, buffer, at, stop, text)
  if at < stop then place.root:add(FIELDS["spdm.payload"], buffer(at, stop - at)) end
  place.root:append_text(", " .. text)
  place.info[#place.info + 1] = text
end

-- One SPDM message, and the large one that it completes.
local function message(place, buffer, at, stop, padding)
  if stop - at < HEADER_SIZE then
    nameless(place, buffer, at, stop, string.format("%d bytes", stop - at))
    complain(place.root, "malformed", string.format("%d bytes are no SPDM message", stop - at))
    return
  end
  local kept = memory[place.key]
  if not kept then
    if place.pinfo.visited then
      kept = {w = place.c.w, asked = false, negotiated = true}
    else
      kept = follow(place.c, buffer, at, stop)
      memory[place.key] = kept
    end
    if place.opened then
      place.opened[#place.opened + 1] = {bytes = buffer(at, stop - at):bytes(), kept = kept}
    end
  end
  show_message(place, buffer, at, stop, padding, kept.w, kept.negotiated, kept.asked)
  if kept.large then
    local inside = kept.large:tvb("SPDM message in chunks")
    local outer = place.root
    place.root = place.tree:add(spdm, inside())
    place.root:append_text(", in chunks")
    show_message(place, inside, 0, inside:len(), 0, kept.large_w, true, true)
    place.root = outer
  end
end

-- Shows what keys of the log opened.
local function show_opened(place, record, disclose)
  local inside = record.data:tvb("SPDM plaintext")
  local outer, outer_key = place.root, place.key
  place.root = place.tree:add(spdm, inside())
  place.root:set_text(string.format(
    "SPDM, %s record %d, %s keys", record.keys.direction, record.number, record.keys.phase))
  place.key = outer_key .. " plaintext"
  if place.c.opened.frame ~= place.pinfo.number then
    place.c.opened = {frame = place.pinfo.number}
  end
  place.opened = place.c.opened
  disclose(place, inside, 0, inside:len())
  place.root, place.key, place.opened = outer, outer_key, nil
end

-- A message of the plaintext interface teaches nothing if keys of the log opened its record.
local function recall_opened(place, buffer, at, stop)
  local opened = place.c.opened
  while #opened > 0 and not memory[place.key] do
    local one = table.remove(opened, 1)
    if one.bytes == buffer(at, stop - at):bytes() then memory[place.key] = one.kept end
  end
end

-- `disclose` shows the application data of its transport.
local function secured_record(place, buffer, at, stop, padding, sequence_number_size, disclose)
  local w = changed(nothing_known(), {sequence_number_size = sequence_number_size})
  local f = show_whole(RECORDS.secured_record, buffer, at, stop, padding, w, place.root, place.pinfo)
  local text = "secured record"
  if f.session_id then text = string.format("secured record of session 0x%08x", f.session_id) end
  place.root:append_text(string.format(", %s, %d bytes", text, stop - at))
  place.info[#place.info + 1] = text
  if spdm.prefs.keylog == "" then return end
  if not place.pinfo.visited and memory[place.key] == nil then
    memory[place.key] = opened(buffer, at, stop, sequence_number_size) or false
  end
  local record = memory[place.key]
  if record and record.data then
    show_opened(place, record, disclose)
  elseif not record then
    local unable = "this Wireshark has no ciphers for Lua"
    complain(place.root, "keys", CIPHERS and "no key of the log opens it" or unable)
  end
end
