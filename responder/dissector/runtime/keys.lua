-- Opens secured records with the key log of `serve --keylog`, where Wireshark has ciphers for Lua
-- (GcryptCipher, from 4.6 on).

spdm.prefs.keylog = Pref.string(
  "Key log", "", "A file that `spdm-responder serve --keylog` wrote; needs Wireshark 4.6 or later")

local TAG_SIZE, IV_SIZE = 16, 12
local CIPHERS = GcryptCipher and {
  ["AES-128-GCM"] = {GCRY_CIPHER_AES, GCRY_CIPHER_MODE_GCM},
  ["AES-256-GCM"] = {GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_GCM},
  ["CHACHA20-POLY1305"] = {GCRY_CIPHER_CHACHA20, GCRY_CIPHER_MODE_POLY1305},
  ["SM4-GCM"] = {GCRY_CIPHER_SM4, GCRY_CIPHER_MODE_GCM},
}

-- The keys of each session and direction, in the order of their use: phases, the one in use, and the
-- number of its next record.
local key_streams = {}

local function add_key(line)
  local session = tonumber(line:match('"session_id":%s*(%d+)'))
  local direction, aead = line:match('"direction":%s*"(%a+)"'), line:match('"aead":%s*"([^"]+)"')
  local key, iv = line:match('"key":%s*"(%x+)"'), line:match('"iv":%s*"(%x+)"')
  if not (session and direction and aead and key and iv and #iv == 2 * IV_SIZE) then return end
  key_streams[session] = key_streams[session] or {}
  local stream = key_streams[session][direction] or {phases = {}, phase = 1, sequence = 0}
  key_streams[session][direction] = stream
  stream.phases[#stream.phases + 1] = {
    aead = aead, key = ByteArray.new(key), iv = ByteArray.new(iv),
    phase = line:match('"phase":%s*"([^"]*)"') or "", direction = direction,
    encrypted = line:find('"encrypted":%s*true') ~= nil,
    big_endian = line:find('"big_endian":%s*true') ~= nil,
  }
end

local function read_keys()
  key_streams = {}
  local file = spdm.prefs.keylog ~= "" and io.open(spdm.prefs.keylog)
  if not file then return end
  for line in file:lines() do add_key(line) end
  file:close()
end

-- The IV of a record: its number, XORed into the low end of the static one.
local function iv_of(keys, number)
  local iv = keys.iv:subset(0, IV_SIZE)
  for place = 0, 7 do
    local index = keys.big_endian and IV_SIZE - 1 - place or place
    local a, b = iv:get_index(index), shifted(number, 8 * place) % 256
    iv:set_index(index, a + b - 2 * band(a, b))
  end
  return iv
end

-- What `keys` make of a record; nil if its tag is not theirs.
local function unsealed(keys, number, header, body)
  local kind = CIPHERS[keys.aead]
  if not kind then return nil end
  local cipher = GcryptCipher.open(kind[1], kind[2], 0)
  local size = body:len() - TAG_SIZE
  cipher:setkey(keys.key)
  cipher:setiv(iv_of(keys, number))
  local plain = size > 0 and body:subset(0, size) or ByteArray.new()
  if keys.encrypted then
    cipher:authenticate(header)
    if size > 0 then plain = cipher:decrypt(nil, plain) end
  else
    cipher:authenticate(header .. plain)
  end
  if cipher:checktag(body:subset(size, TAG_SIZE)) ~= 0 then return nil end
  return plain
end

local function application_data(keys, plain)
  if not keys.encrypted then return plain end
  if plain:len() < 2 then return nil end
  local size = plain:get_index(0) + 256 * plain:get_index(1)
  if size == 0 or size + 2 > plain:len() then return nil end
  return plain:subset(2, size)
end

-- What a record holds: the keys, its number and the application data; nil if none of the log opens it.
-- Records have to come in the order in which they crossed the wire.
local function opened(buffer, at, stop, sequence_number_size)
  local start = at + 4 + sequence_number_size + 2
  if not CIPHERS or stop - start < TAG_SIZE then return nil end
  local size = buffer(start - 2, 2):le_uint()
  if size < TAG_SIZE or start + size > stop then return nil end
  local header, body = buffer(at, start - at):bytes(), buffer(start, size):bytes()
  for _, stream in pairs(key_streams[buffer(at, 4):le_uint()] or {}) do
    for phase = stream.phase, #stream.phases do
      local number = phase == stream.phase and stream.sequence or 0
      if sequence_number_size > 0 then
        number = number + (buffer(at + 4, sequence_number_size):le_uint() - number) % 2 ^ 16
      end
      local keys = stream.phases[phase]
      local fine, plain = pcall(unsealed, keys, number, header, body)
      if fine and plain then
        stream.phase, stream.sequence = phase, number + 1
        return {keys = keys, number = number, data = application_data(keys, plain)}
      end
    end
  end
  return nil
end
