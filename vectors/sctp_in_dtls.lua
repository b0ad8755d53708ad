-- Shows SCTP in DTLS (RFC 8261), which tshark and Wireshark leave as data: they need the keys (a session.pcapng holds them) and this.
--   tshark -X lua_script:vectors/sctp_in_dtls.lua -r session.pcapng
local sctp_in_dtls = Proto("sctp_in_dtls", "SCTP in DTLS")

-- RFC 9260 section 3: ports, tag and checksum, then chunks of type, flags and length.
local function is_sctp(packet)
  if packet:len() < 16 or packet(0, 2):uint() == 0 or packet(2, 2):uint() == 0 then return false end
  local length = packet(14, 2):uint()
  return length >= 4 and 12 + length <= packet:len()
end

sctp_in_dtls:register_heuristic("dtls", function(packet, info, tree)
  if not is_sctp(packet) then return false end
  Dissector.get("sctp"):call(packet, info, tree)
  return true
end)
