// pion's packages behind the protocol of vectors/SHIM.md. Every operation calls the library's own function; nothing is checked here. An operation that
// is refused panics with the library's error.
package main

import (
	"strconv"

	"github.com/pion/ice/v4"
	"github.com/pion/sdp/v3"
	"github.com/pion/stun/v4"
	"github.com/pion/webrtc/v4"
)

func number(g fields, k string) uint64 {
	if s, ok := g[k].(string); ok {
		return must(strconv.ParseUint(s, 10, 64))
	}
	n, _ := g[k].(float64)
	return uint64(n)
}

// ---- pion/stun ----

var classes = []string{"request", "indication", "success", "error"}

func message(g fields) *stun.Message {
	m := stun.New()
	check(stun.Decode(octets(g, "hex"), m))
	return m
}

// A message with one attribute, whose reader is asked.
func attribute(t stun.AttrType, g fields) *stun.Message {
	m := stun.New()
	copy(m.TransactionID[:], octets(g, "transaction_id"))
	m.WriteHeader()
	m.Add(t, octets(g, "value"))
	return m
}

func stunDecode(g fields) fields {
	m := message(g)
	return fields{"class": classes[m.Type.Class], "method": int(m.Type.Method), "length": int(m.Length), "transaction_id": hx(m.TransactionID[:])}
}

func stunType(g fields) fields {
	var t stun.MessageType
	t.ReadValue(uint16(number(g, "type")))
	return fields{"class": classes[t.Class], "method": int(t.Method)}
}

func unknown(g fields) fields {
	types := []int{}
	for _, a := range message(g).Attributes {
		if a.Type.Required() && !a.Type.Known() {
			types = append(types, int(a.Type))
		}
	}
	return fields{"types": types}
}

func errorCode(g fields) fields {
	var e stun.ErrorCodeAttribute
	check(e.GetFrom(attribute(stun.AttrErrorCode, g)))
	return fields{"code": int(e.Code), "reason": string(e.Reason)}
}

func xorAddress(g fields) fields {
	var a stun.XORMappedAddress
	check(a.GetFrom(attribute(stun.AttrXORMappedAddress, g)))
	return fields{"ip": a.IP.String(), "port": a.Port}
}

func integrity(g fields) fields {
	if text(g, "algorithm") != "sha1" || (text(g, "realm") != "" && text(g, "key_algorithm") != "md5") {
		panic(errUnsupported)
	}
	key := stun.NewShortTermIntegrity(text(g, "password"))
	if text(g, "realm") != "" {
		key = stun.NewLongTermIntegrity(text(g, "username"), text(g, "realm"), text(g, "password"))
	}
	auth(key.Check(message(g)))
	return fields{"key": hx(key)}
}

func stunFingerprint(g fields) fields {
	auth(stun.Fingerprint.Check(message(g)))
	return fields{}
}

// ---- pion/ice ----

func candidate(g fields) fields {
	c := must(ice.UnmarshalCandidate(text(g, "text")))
	out := fields{"foundation": c.Foundation(), "component": int(c.Component()), "transport": c.NetworkType().NetworkShort(), "priority": c.Priority(), "address": c.Address(), "port": c.Port(), "type": c.Type().String()}
	if r := c.RelatedAddress(); r != nil && r.Address != "" {
		out["rel_address"], out["rel_port"] = r.Address, r.Port
	}
	return out
}

func newCandidate(kind, address, related string, port, relatedPort int, component uint16, priority uint32, foundation string) ice.Candidate {
	switch kind {
	case "host":
		return must(ice.NewCandidateHost(&ice.CandidateHostConfig{Network: "udp", Address: address, Port: port, Component: component, Priority: priority, Foundation: foundation}))
	case "srflx":
		return must(ice.NewCandidateServerReflexive(&ice.CandidateServerReflexiveConfig{Network: "udp", Address: address, Port: port, Component: component, Priority: priority, Foundation: foundation, RelAddr: related, RelPort: relatedPort}))
	case "prflx":
		return must(ice.NewCandidatePeerReflexive(&ice.CandidatePeerReflexiveConfig{Network: "udp", Address: address, Port: port, Component: component, Priority: priority, Foundation: foundation, RelAddr: related, RelPort: relatedPort}))
	}
	return must(ice.NewCandidateRelay(&ice.CandidateRelayConfig{Network: "udp", Address: address, Port: port, Component: component, Priority: priority, Foundation: foundation, RelAddr: related, RelPort: relatedPort}))
}

func candidateText(g fields) fields {
	c := newCandidate(text(g, "type"), text(g, "address"), text(g, "rel_address"), int(number(g, "port")), int(number(g, "rel_port")), uint16(number(g, "component")), uint32(number(g, "priority")), text(g, "foundation"))
	return fields{"text": "candidate:" + c.Marshal()}
}

// pion chooses the preferences itself, and counts components in 16 bits.
func candidatePriority(g fields) fields {
	if number(g, "component") > 65535 || number(g, "local_preference") > 65535 {
		panic(errUnsupported)
	}
	c := newCandidate(text(g, "type"), "192.0.2.1", "192.0.2.2", 1, 1, uint16(number(g, "component")), 0, "")
	local := c.(interface{ LocalPreference() uint16 }).LocalPreference()
	if p, ok := g["type_preference"].(float64); local != uint16(number(g, "local_preference")) || (ok && c.Type().Preference() != uint16(p)) {
		panic(errUnsupported)
	}
	return fields{"priority": c.Priority()}
}

// ---- pion/sdp, pion/webrtc ----

// pion/webrtc takes the description as an offer, pion/sdp shows what is in it.
func description(g fields) fields {
	pc := must(webrtc.NewPeerConnection(webrtc.Configuration{}))
	defer pc.Close()
	check(pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: text(g, "text")}))
	var d sdp.SessionDescription
	check(d.UnmarshalString(text(g, "text")))
	for _, m := range d.MediaDescriptions {
		if m.MediaName.Media == "application" {
			return section(&d, m)
		}
	}
	panic("no data channels")
}

func section(d *sdp.SessionDescription, m *sdp.MediaDescription) fields {
	out := fields{}
	for name, field := range map[string]string{"mid": "mid", "ice-ufrag": "ice_ufrag", "ice-pwd": "ice_pwd", "setup": "setup", "sctp-port": "sctp_port", "max-message-size": "max_message_size"} {
		if v, ok := m.Attribute(name); ok {
			out[field] = v
		} else if v, ok := d.Attribute(name); ok {
			out[field] = v
		}
	}
	return out
}

var ops = map[string]func(fields) fields{
	"stun_message.decode": stunDecode, "stun_message.type": stunType, "stun_message.unknown": unknown, "stun_message.error_code": errorCode, "stun_message.xor_address": xorAddress,
	"stun_integrity.check": integrity, "stun_fingerprint.check": stunFingerprint, "ice_candidate.parse": candidate, "ice_candidate.format": candidateText, "ice_priority.candidate": candidatePriority,
	"dtls_record.decode": records, "dtls_client_hello.decode": clientHello, "dtls_prf.compute": prfSHA256, "dtls_cookie.exchange": cookieExchange, "fingerprint.certificate": certificate,
	"sctp_association.receive": associationReceive, "dcep.decode": dcepDecode, "sdp.parse": description,
}

// The library reads more than these operations give back.
var partial = map[string]bool{"stun_message.decode": true, "stun_message.xor_address": true, "ice_candidate.parse": true, "dtls_record.decode": true, "dtls_client_hello.decode": true, "fingerprint.certificate": true,
	"sctp_association.receive": true, "dcep.decode": true, "sdp.parse": true}

func main() { serve(ops, partial) }
