-- Shows records in Wireshark's tree: one item a field, its parts below it.

local spdm = Proto("spdm", "Security Protocol and Data Model")

-- Fields by their names in display filters, and expert information.
local FIELDS, EXPERTS = {}, {}

local function expert_information(name, text, group, severity)
  EXPERTS[name] = ProtoExpert.new("spdm.expert." .. name, text, group, severity)
end

expert_information("malformed", "Cannot be read", expert.group.MALFORMED, expert.severity.ERROR)
expert_information("length", "A length is not true", expert.group.MALFORMED, expert.severity.WARN)
expert_information("header", "A header is wrong", expert.group.PROTOCOL, expert.severity.WARN)
expert_information("left_over", "Bytes after the end", expert.group.MALFORMED, expert.severity.WARN)
expert_information("unknown", "Unknown code", expert.group.UNDECODED, expert.severity.WARN)
expert_information("negotiated", "Not seen: ALGORITHMS", expert.group.ASSUMPTION, expert.severity.NOTE)
expert_information("keys", "Not opened", expert.group.DECRYPTION, expert.severity.NOTE)
expert_information("error", "ERROR response", expert.group.RESPONSE_CODE, expert.severity.NOTE)

local INTEGERS = {
  [1] = ftypes.UINT8, [2] = ftypes.UINT16, [3] = ftypes.UINT24, [4] = ftypes.UINT32,
  [8] = ftypes.UINT64,
}

local function number_field(field)
  local shown = field.shown
  local decimal = not (shown.values or shown.bits or shown.text)
  return ProtoField.new(
    field.name, field.filter, INTEGERS[field.most], shown.values, decimal and base.DEC_HEX or base.HEX)
end

local function bit_fields(field)
  for _, one in ipairs(field.shown.bits or {}) do
    local filter = field.filter .. "." .. one.slug
    FIELDS[filter] = ProtoField.bool(filter, one.name, field.most * 8, nil, one.bit)
  end
end

for _, record in pairs(RECORDS) do
  for _, field in ipairs(record) do
    if not FIELDS[field.filter] then
      if field.most then
        FIELDS[field.filter] = number_field(field)
        bit_fields(field)
      else
        FIELDS[field.filter] = ProtoField.bytes(field.filter, field.name)
      end
    end
  end
end
for _, name in ipairs({"padding", "left_over", "unread", "payload"}) do
  FIELDS["spdm." .. name] = ProtoField.bytes("spdm." .. name, "(" .. string.gsub(name, "_", " ") .. ")")
end
FIELDS["spdm.part"] = ProtoField.none("spdm.part", "part")
FIELDS["spdm.part_bytes"] = ProtoField.bytes("spdm.part_bytes", "part")

local function listed(by_name)
  local list = {}
  for _, one in pairs(by_name) do list[#list + 1] = one end
  return list
end
spdm.fields = listed(FIELDS)
spdm.experts = listed(EXPERTS)

local function complain(item, name, text)
  item:add_proto_expert_info(EXPERTS[name], text)
end

-- What a number means, as `decode` prints it; nil where the field itself says so.
local function meaning_of(field, value, f)
  local shown = field.shown
  if shown.bits then return names_of_bits(shown.bits, value) end
  return shown.text and shown.text(value, f)
end

local function show_number(tree, field, buffer, at, stop, value, f)
  local range = buffer(at, stop - at)
  local proto_field = FIELDS[field.filter]
  local item
  if field.big_endian then item = tree:add(proto_field, range) else item = tree:add_le(proto_field, range) end
  local meaning = meaning_of(field, value, f)
  if meaning then item:append_text(" (" .. meaning .. ")") end
  for _, one in ipairs(field.shown.bits or {}) do
    item:add_le(FIELDS[field.filter .. "." .. one.slug], range)
  end
  if field.shown.closed and not field.shown.values[value] then
    complain(item, "unknown", string.format("%s 0x%x is not known", field.name, value))
  end
end

local show_record

local CERTIFICATES = DissectorTable.get("media_type"):get_dissector("application/pkix-cert")

local function show_part(tree, part, d, pinfo, alone)
  local range = d.buffer(part.at, part.stop - part.at)
  if part.record then
    local branch = tree
    if not alone then branch = tree:add(FIELDS["spdm.part"], range):set_text(part.name) end
    show_record(part.record, d.buffer, part.at, part.stop, part.w or d.w, branch, pinfo)
    return
  end
  local item = tree:add(FIELDS["spdm.part_bytes"], range)
  item:set_text(part.name .. (part.meaning and " (" .. part.meaning .. ")" or ""))
  if part.certificate and CERTIFICATES and spdm.prefs.certificates then
    pcall(CERTIFICATES.call, CERTIFICATES, range:tvb(), pinfo, item)
  end
end

local function show_parts(tree, field, d, pinfo)
  local parts = {}
  if field.view then
    parts = sequence(d, field)
  elseif field.parts then
    parts = field.parts[1](d, field.parts[2], field.parts[3])
  end
  local after = d.at
  for _, part in ipairs(parts) do
    show_part(tree, part, d, pinfo, #parts == 1 and part.stop == d.stop)
    after = part.stop
  end
  if #parts > 0 and after < d.stop then
    tree:add(FIELDS["spdm.unread"], d.buffer(after, d.stop - after))
  end
end

local function show_span(tree, span, buffer, spans, f, w, pinfo)
  local field, at = span.field, span.at
  if field.kind == "uint" then
    show_number(tree, field, buffer, at, span.stop, span.value, f)
  elseif field.kind == "list" then
    for index, value in ipairs(span.value) do
      local from = at + (index - 1) * field.width
      show_number(tree, field, buffer, from, from + field.width, value, f)
    end
  else
    local item = tree:add(FIELDS[field.filter], buffer(at, span.stop - at))
    local d = {buffer = buffer, at = at, stop = span.stop, f = f, spans = spans, w = w}
    show_parts(item, field, d, pinfo)
  end
end

-- Shows a record as far as it can be read; gives where it ends, its values, and why it ends there.
function show_record(record, buffer, at, stop, w, tree, pinfo)
  local spans, after, f, problem = read(record, buffer, at, stop, w)
  for _, span in ipairs(spans) do show_span(tree, span, buffer, spans, f, w, pinfo) end
  return after, f, problem
end

-- What a whole message or record is: its fields, then what cannot be read, or is left over.
-- `padding` is how many zeros its transport may have added.
local function show_whole(record, buffer, at, stop, padding, w, tree, pinfo)
  local after, f, problem = show_record(record, buffer, at, stop, w, tree, pinfo)
  if problem then
    local item = tree
    if after < stop then item = tree:add(FIELDS["spdm.unread"], buffer(after, stop - after)) end
    complain(item, "malformed", problem)
  elseif after < stop and stop - after <= padding then
    tree:add(FIELDS["spdm.padding"], buffer(after, stop - after))
  elseif after < stop then
    problem = string.format("%d bytes after the end of the message", stop - after)
    complain(tree:add(FIELDS["spdm.left_over"], buffer(after, stop - after)), "left_over", problem)
  end
  return f, problem
end
