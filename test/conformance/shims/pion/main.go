// pion's packages behind the protocol of vectors/SHIM.md. Every operation calls the library's own function; nothing is checked here. An operation that
// is refused panics with the library's error.
package main

import (
	"github.com/pion/dtls/v3/pkg/protocol/handshake"
	"github.com/pion/dtls/v3/pkg/protocol/recordlayer"
	"github.com/pion/ice/v4"
	"github.com/pion/stun/v3"
)

func message(g fields) *stun.Message {
	m := stun.New()
	check(stun.Decode(octets(g, "hex"), m))
	return m
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

func stunDecode(g fields) fields {
	m, classes := message(g), []string{"request", "indication", "success", "error"}
	return fields{"class": classes[m.Type.Class], "method": int(m.Type.Method), "length": int(m.Length), "transaction_id": hx(m.TransactionID[:])}
}

func candidate(g fields) fields {
	c := must(ice.UnmarshalCandidate(text(g, "text")))
	out := fields{"foundation": c.Foundation(), "component": int(c.Component()), "transport": c.NetworkType().NetworkShort(), "priority": c.Priority(), "address": c.Address(), "port": c.Port(), "type": c.Type().String()}
	if r := c.RelatedAddress(); r != nil && r.Address != "" {
		out["rel_address"], out["rel_port"] = r.Address, r.Port
	}
	return out
}

func records(g fields) fields {
	for _, b := range must(recordlayer.UnpackDatagram(octets(g, "hex"))) {
		var h recordlayer.Header
		check(h.Unmarshal(b))
		if h.Epoch == 0 && h.ContentType != 22 { // of a handshake message pion needs all fragments
			check((&recordlayer.RecordLayer{}).Unmarshal(b))
		}
	}
	return fields{}
}

func clientHello(g fields) fields {
	var m handshake.MessageClientHello
	check(m.Unmarshal(octets(g, "hex")))
	return fields{"cookie": hx(m.Cookie), "session_id": hx(m.SessionID)}
}

func fingerprint(g fields) fields {
	auth(stun.Fingerprint.Check(message(g)))
	return fields{}
}

var ops = map[string]func(fields) fields{
	"stun_message.decode": stunDecode, "stun_integrity.check": integrity, "stun_fingerprint.check": fingerprint,
	"ice_candidate.parse": candidate, "dtls_record.decode": records, "dtls_client_hello.decode": clientHello,
}

// The library reads more than these operations give back.
var partial = map[string]bool{"stun_message.decode": true, "ice_candidate.parse": true, "dtls_record.decode": true, "dtls_client_hello.decode": true}

func main() { serve(ops, partial) }
