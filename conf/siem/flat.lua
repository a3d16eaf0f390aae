-- Makes alerts fit for outputs that know no nested objects: graylog() for Fluent Bit's output "gelf", syslog() for "syslog".
-- graylog.yaml and syslog.yaml use it.

-- The severities of RFC 5424: an alert is critical, error, warning or notice; any other report is informational.
local levels = { [99] = 2, [73] = 3, [47] = 4, [21] = 5 }

local function level(record)
  local event = record.event or {}
  if event.kind ~= "alert" then
    return 6
  end
  return levels[event.severity] or 4
end

local function host(record)
  return (record.observer or {}).hostname or "siphunt"
end

-- A list of objects is written as its members' values, strongest first: "198.18.1.30=29 198.18.1.31=28".
local function member(value)
  if type(value) ~= "table" then
    return tostring(value)
  end
  local name = value.ip or value.name or value.extension or value.kind or ""
  local number = value.attempts or value.count
  return number and name .. "=" .. tostring(number) or name
end

local function flatten(prefix, value, into)
  for key, inner in pairs(value) do
    local name = prefix .. key
    if type(inner) ~= "table" then
      into[name] = inner
    elseif inner[1] ~= nil then
      local all = {}
      for i, v in ipairs(inner) do
        all[i] = member(v)
      end
      into[name] = table.concat(all, " ")
    else
      flatten(name .. "_", inner, into)
    end
  end
end

function graylog(tag, timestamp, record)
  local flat = {}
  flatten("", record, flat)
  flat.host = host(record)
  flat.level = level(record)
  return 2, timestamp, flat
end

function syslog(tag, timestamp, record)
  local event, incident = record.event or {}, (record.siphunt or {}).incident or {}
  -- 32473 is the number that RFC 5612 keeps for examples; put your own in, here and in syslog.yaml.
  local data = {
    id = incident.id, kind = incident.kind, state = incident.state, confidence = incident.confidence,
    action = event.action, outcome = event.outcome, severity = event.severity and tostring(event.severity),
    client = (record.source or {}).address, server = (record.destination or {}).address,
    account = (record.user or {}).name,
  }
  return 2, timestamp, {
    message = record.message, host = host(record), app = "siphunt", id = event.action, level = level(record),
    facility = 10, -- authpriv
    ["siphunt@32473"] = data,
  }
end
