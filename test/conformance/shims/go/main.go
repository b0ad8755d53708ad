// go-libp2p and pion behind the protocol of vectors/SHIM.md. Every operation calls the library's own function; nothing is checked here. An
// operation that is refused panics with the library's error.
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/flynn/noise"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/record"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/pb"
	identify "github.com/libp2p/go-libp2p/p2p/protocol/identify/pb"
	webrtc "github.com/libp2p/go-libp2p/p2p/transport/webrtc/pb"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/multiformats/go-multibase"
	"github.com/multiformats/go-multihash"
	"github.com/multiformats/go-varint"
	"github.com/pion/dtls/v3/pkg/protocol/handshake"
	"github.com/pion/dtls/v3/pkg/protocol/recordlayer"
	"github.com/pion/ice/v4"
	"github.com/pion/stun/v3"
	"google.golang.org/protobuf/proto"
)

type fields map[string]any

var errAuth, errUnsupported = errors.New("auth"), errors.New("unsupported")

func check(err error) {
	if err != nil {
		panic(err)
	}
}
func must[T any](v T, err error) T { check(err); return v }
func auth(err error) {
	if err != nil {
		panic(errAuth)
	}
}
func text(g fields, k string) string   { s, _ := g[k].(string); return s }
func octets(g fields, k string) []byte { return must(hex.DecodeString(text(g, k))) }
func hx(b []byte) string               { return hex.EncodeToString(b) }
func hexes(list [][]byte) []string {
	out := []string{}
	for _, b := range list {
		out = append(out, hx(b))
	}
	return out
}

func address(m ma.Multiaddr) fields {
	names := []string{}
	for _, p := range m.Protocols() {
		names = append(names, p.Name)
	}
	return fields{"hex": hx(m.Bytes()), "text": m.String(), "protocols": names}
}

func forms(id peer.ID) fields {
	return fields{"multihash": hx([]byte(id)), "text": id.String(), "cid": peer.ToCid(id).String()}
}

func message(g fields) *stun.Message {
	m := stun.New()
	check(stun.Decode(octets(g, "hex"), m))
	return m
}

func circuitMessage(kind string, status *circuit.Status, p *circuit.Peer) fields {
	out := fields{"type": kind}
	if status != nil {
		out["status"] = int(*status)
	}
	if p != nil {
		out["peer"] = fields{"id": must(peer.IDFromBytes(p.Id)).String(), "addrs": hexes(p.Addrs)}
	}
	return out
}

// ---- Noise ----

func side(g fields, name, prologue string) *noise.HandshakeState {
	suite := noise.NewCipherSuite(noise.DH25519, noise.CipherChaChaPoly, noise.HashSHA256)
	static := must(suite.GenerateKeypair(bytes.NewReader(octets(g, name+"_static"))))
	return must(noise.NewHandshakeState(noise.Config{CipherSuite: suite, Pattern: noise.HandshakeXX, Initiator: name == "init", Prologue: octets(g, prologue),
		StaticKeypair: static, Random: bytes.NewReader(octets(g, name+"_ephemeral"))}))
}

// The first n messages of the handshake, each read by the other side.
func exchange(g fields, n int) (sides [2]*noise.HandshakeState, messages []string) {
	prologue := "init_prologue"
	if g["resp_prologue"] != nil {
		prologue = "resp_prologue"
	}
	sides = [2]*noise.HandshakeState{side(g, "init", "init_prologue"), side(g, "resp", prologue)}
	for i := 0; i < n; i++ {
		m, _, _, err := sides[i%2].WriteMessage(nil, must(hex.DecodeString(g["payloads"].([]any)[i].(string))))
		check(err)
		messages = append(messages, hx(m))
		_, _, _, err = sides[1-i%2].ReadMessage(nil, m)
		auth(err)
	}
	return
}

func handshakes(g fields) fields {
	if len(g["payloads"].([]any)) != 3 {
		panic(errUnsupported)
	}
	sides, messages := exchange(g, 3)
	return fields{"messages": messages, "handshake_hash": hx(sides[0].ChannelBinding())}
}

func readMessage(g fields) fields {
	index := must(strconv.Atoi(fmt.Sprint(g["message_index"])))
	sides, _ := exchange(g, index)
	payload, _, _, err := sides[1-index%2].ReadMessage(nil, octets(g, "message"))
	auth(err)
	return fields{"payload": hx(payload)}
}

// ---- the others of more than a line ----

// One frame of libp2p: an unsigned varint and that much protobuf.
func frame(g fields) fields {
	b := octets(g, "hex")
	n, size, err := varint.FromUvarint(b)
	check(err)
	if n != uint64(len(b)-size) {
		panic(errors.New("not one frame"))
	}
	var m webrtc.Message
	check(proto.Unmarshal(b[size:], &m))
	out := fields{"flag": nil, "message": nil}
	if m.Flag != nil {
		out["flag"] = int(*m.Flag)
	}
	if m.Message != nil {
		out["message"] = hx(m.Message)
	}
	return out
}

func encode(g fields) fields {
	e, known := multibase.Encodings[text(g, "base")]
	if !known {
		panic(errUnsupported)
	}
	return fields{"text": must(multibase.Encode(e, octets(g, "hex")))}
}

func publicKey(g fields) fields {
	k := must(crypto.UnmarshalPublicKey(octets(g, "protobuf")))
	out := forms(must(peer.IDFromPublicKey(k)))
	out["key_type"] = map[string]string{"Secp256k1": "secp256k1", "RSA": "RSA", "Ed25519": "Ed25519", "ECDSA": "ECDSA"}[k.Type().String()]
	return out
}

func verify(g fields) fields {
	if ok, err := must(crypto.UnmarshalPublicKey(octets(g, "public_key"))).Verify(octets(g, "message"), octets(g, "signature")); err != nil || !ok {
		panic(errAuth)
	}
	return fields{}
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

// A record of any kind, of a domain that the case names.
type anyRecord string

func (r anyRecord) Domain() string                 { return string(r) }
func (r anyRecord) Codec() []byte                  { return nil }
func (r anyRecord) MarshalRecord() ([]byte, error) { return nil, nil }
func (r anyRecord) UnmarshalRecord([]byte) error   { return nil }

func envelope(g fields) fields {
	must(record.UnmarshalEnvelope(octets(g, "hex")))
	e, err := record.ConsumeTypedEnvelope(octets(g, "hex"), anyRecord(text(g, "domain")))
	auth(err)
	return fields{"payload": hx(e.RawPayload), "payload_type": hx(e.PayloadType)}
}

var ops = map[string]func(fields) fields{
	"varint.decode": func(g fields) fields {
		v, n, err := varint.FromUvarint(octets(g, "hex"))
		check(err)
		return fields{"value": strconv.FormatUint(v, 10), "consumed": n}
	},
	"varint.encode": func(g fields) fields {
		return fields{"hex": hx(varint.ToUvarint(must(strconv.ParseUint(text(g, "value"), 10, 64))))}
	},
	"multiaddr.parse":  func(g fields) fields { return address(must(ma.NewMultiaddr(text(g, "text")))) },
	"multiaddr.decode": func(g fields) fields { return address(must(ma.NewMultiaddrBytes(octets(g, "hex")))) },
	"multibase.decode": func(g fields) fields {
		e, b, err := multibase.Decode(text(g, "text"))
		check(err)
		return fields{"base": multibase.EncodingToStr[e], "hex": hx(b)}
	},
	"multibase.encode": encode,
	"multihash.decode": func(g fields) fields {
		d := must(multihash.Decode(octets(g, "hex")))
		return fields{"code": d.Code, "size": d.Length, "digest": hx(d.Digest)}
	},
	"certhash.parse": func(g fields) fields {
		_, b, err := multibase.Decode(text(g, "text"))
		check(err)
		return fields{"sha256": hx(must(multihash.Decode(b)).Digest)}
	},
	"peer_id.parse":     func(g fields) fields { return forms(must(peer.Decode(text(g, "text")))) },
	"peer_id.decode":    func(g fields) fields { return forms(must(peer.IDFromBytes(octets(g, "multihash")))) },
	"public_key.decode": publicKey, "public_key.verify": verify, "stun_message.decode": stunDecode, "stun_integrity.check": integrity, "ice_candidate.parse": candidate, "dtls_record.decode": records,
	"stun_fingerprint.check": func(g fields) fields { auth(stun.Fingerprint.Check(message(g))); return fields{} },
	"dtls_client_hello.decode": func(g fields) fields {
		var m handshake.MessageClientHello
		check(m.Unmarshal(octets(g, "hex")))
		return fields{"cookie": hx(m.Cookie), "session_id": hx(m.SessionID)}
	},
	"webrtc_framing.decode": frame, "noise_xx.handshake": handshakes, "noise_xx.read": readMessage, "signed_envelope.open": envelope,
	"relay_hop.decode": func(g fields) fields {
		var m circuit.HopMessage
		check(proto.Unmarshal(octets(g, "hex"), &m))
		return circuitMessage(m.GetType().String(), m.Status, m.Peer)
	},
	"relay_stop.decode": func(g fields) fields {
		var m circuit.StopMessage
		check(proto.Unmarshal(octets(g, "hex"), &m))
		return circuitMessage(m.GetType().String(), m.Status, m.Peer)
	},
	"identify.decode": func(g fields) fields {
		var m identify.Identify
		check(proto.Unmarshal(octets(g, "hex"), &m))
		return fields{"listen_addrs": hexes(m.ListenAddrs), "protocols": append([]string{}, m.Protocols...)}
	},
}

// The library reads more than these operations give back.
var partial = map[string]bool{"public_key.decode": true, "stun_message.decode": true, "ice_candidate.parse": true, "dtls_record.decode": true, "dtls_client_hello.decode": true, "noise_xx.handshake": true,
	"relay_hop.decode": true, "relay_stop.decode": true, "signed_envelope.open": true, "identify.decode": true}

func answer(id any, op string, in fields) (out fields) {
	out = fields{"id": id, "status": "unsupported"}
	defer func() {
		if r := recover(); r != nil && r != errUnsupported {
			out["status"], out["error"] = "error", map[bool]string{true: "auth", false: "malformed"}[r == errAuth]
		}
	}()
	if run := ops[op]; run != nil {
		result := run(in)
		out["status"], out["out"], out["partial"] = "ok", result, partial[op]
	}
	return
}

func main() {
	in, out := bufio.NewReaderSize(os.Stdin, 1<<20), json.NewEncoder(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var q struct {
			ID any    `json:"id"`
			Op string `json:"op"`
			In fields `json:"in"`
		}
		check(json.Unmarshal(line, &q))
		out.Encode(answer(q.ID, q.Op, q.In))
	}
}
