-- A Lua output of Suricata 7 and 8 that writes every packet with a REGISTER or an answer to one as a line of JSON to siphunt-sip.json
-- in Suricata's log folder, for siphunt. A packet may hold several messages, and siphunt reads them all.

local is8, packet = pcall(require, "suricata.packet")
local file

function init()
  return { type = "packet" }
end

function setup()
  local folder = is8 and require("suricata.config").log_path() or SCLogPath()
  file = assert(io.open(folder .. "/siphunt-sip.json", "a"))
end

local function read()
  if is8 then
    local p = packet.get()
    return p:payload(), p:timestamp()
  end
  return SCPacketPayload(), SCPacketTimestamp()
end

local function tuple()
  if is8 then
    return packet.get():tuple()
  end
  return SCPacketTuple()
end

local function escape(c)
  return string.format("\\u%04x", c:byte())
end

function log()
  local payload, sec, usec = read()
  if not payload or not payload:find("SIP/2.0", 1, true) or not payload:find("REGISTER", 1, true) then
    return
  end
  local _, source, destination, protocol, source_port, destination_port = tuple()
  file:write(string.format(
    '{"event_type":"siphunt","timestamp":%d.%06d,"src_ip":"%s","src_port":%d,"dest_ip":"%s","dest_port":%d,"proto":%d,"payload_printable":"%s"}\n',
    sec, usec, source, source_port, destination, destination_port, protocol, payload:gsub('[%c"\\\128-\255]', escape)))
  file:flush()
end

function deinit()
  file:close()
end
