// go-libp2p and pion behind the protocol of vectors/SHIM.md. Every operation calls the library's own function; nothing is checked here.
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

func text(g fields, k string) string { s, _ := g[k].(string); return s }
func octets(g fields, k string) []byte {
	b, err := hex.DecodeString(text(g, k))
	if err != nil {
		panic(err)
	}
	return b
}
func hx(b []byte) string { return hex.EncodeToString(b) }

func names(m ma.Multiaddr) []string {
	out := []string{}
	for _, p := range m.Protocols() {
		out = append(out, p.Name)
	}
	return out
}

func forms(id peer.ID) fields {
	return fields{"multihash": hx([]byte(id)), "text": id.String(), "cid": peer.ToCid(id).String()}
}

// One frame of libp2p at the front of b: an unsigned varint and that much protobuf.
func frame(b []byte) (fields, []byte, error) {
	n, size, err := varint.FromUvarint(b)
	if err != nil {
		return nil, b, err
	}
	if n > uint64(len(b)-size) {
		return nil, b, errors.New("more is needed")
	}
	var m webrtc.Message
	if err := proto.Unmarshal(b[size:size+int(n)], &m); err != nil {
		return nil, b, err
	}
	out := fields{"flag": nil, "message": nil}
	if m.Flag != nil {
		out["flag"] = int(*m.Flag)
	}
	if m.Message != nil {
		out["message"] = hx(m.Message)
	}
	return out, b[size+int(n):], nil
}

func circuitMessage(kind string, status *circuit.Status, p *circuit.Peer) (fields, error) {
	out := fields{"type": kind}
	if status != nil {
		out["status"] = int(*status)
	}
	if p != nil {
		id, err := peer.IDFromBytes(p.Id)
		if err != nil {
			return nil, err
		}
		addrs := []string{}
		for _, a := range p.Addrs {
			addrs = append(addrs, hx(a))
		}
		out["peer"] = fields{"id": id.String(), "addrs": addrs}
	}
	return out, nil
}

// ---- Noise ----

func side(g fields, name string, initiator bool) (*noise.HandshakeState, error) {
	prologue := octets(g, "prologue")
	if _, other := g["responder_prologue"]; other && !initiator {
		prologue = octets(g, "responder_prologue")
	}
	suite := noise.NewCipherSuite(noise.DH25519, noise.CipherChaChaPoly, noise.HashSHA256)
	static, err := suite.GenerateKeypair(bytes.NewReader(octets(g, name+"_static")))
	if err != nil {
		return nil, err
	}
	return noise.NewHandshakeState(noise.Config{CipherSuite: suite, Pattern: noise.HandshakeXX, Initiator: initiator, Prologue: prologue,
		StaticKeypair: static, Random: bytes.NewReader(octets(g, name+"_ephemeral"))})
}

// The first messages of the handshake, read by the other side; up to n of them.
func exchange(g fields, n int) (sides [2]*noise.HandshakeState, messages []string, err error) {
	for i, name := range []string{"initiator", "responder"} {
		if sides[i], err = side(g, name, i == 0); err != nil {
			return
		}
	}
	for i := 0; i < n; i++ {
		payload, _ := hex.DecodeString(g["payloads"].([]any)[i].(string))
		m, _, _, e := sides[i%2].WriteMessage(nil, payload)
		if e != nil {
			return sides, messages, e
		}
		messages = append(messages, hx(m))
		if _, _, _, e := sides[1-i%2].ReadMessage(nil, m); e != nil {
			return sides, messages, errAuth
		}
	}
	return
}

func readMessage(g fields) (fields, error) {
	index, err := strconv.Atoi(fmt.Sprint(g["message_index"]))
	if err != nil {
		return nil, err
	}
	sides, _, err := exchange(g, index)
	if err != nil {
		return nil, err
	}
	payload, _, _, err := sides[1-index%2].ReadMessage(nil, octets(g, "message"))
	return fields{"payload": hx(payload)}, err
}

// A record of any kind, of a domain that the case names.
type anyRecord string

func (r anyRecord) Domain() string                 { return string(r) }
func (r anyRecord) Codec() []byte                  { return nil }
func (r anyRecord) MarshalRecord() ([]byte, error) { return nil, nil }
func (r anyRecord) UnmarshalRecord(b []byte) error { return nil }

// ---- the table ----

var ops = map[string]func(fields) (fields, error){
	"varint.decode": func(g fields) (fields, error) {
		v, n, err := varint.FromUvarint(octets(g, "hex"))
		return fields{"value": strconv.FormatUint(v, 10), "consumed": n}, err
	},
	"varint.encode": func(g fields) (fields, error) {
		v, err := strconv.ParseUint(text(g, "value"), 10, 64)
		return fields{"hex": hx(varint.ToUvarint(v))}, err
	},
	"multiaddr.parse": func(g fields) (fields, error) {
		m, err := ma.NewMultiaddr(text(g, "text"))
		if err != nil {
			return nil, err
		}
		return fields{"hex": hx(m.Bytes()), "text": m.String(), "protocols": names(m)}, nil
	},
	"multiaddr.decode": func(g fields) (fields, error) {
		m, err := ma.NewMultiaddrBytes(octets(g, "hex"))
		if err != nil {
			return nil, err
		}
		return fields{"text": m.String(), "protocols": names(m)}, nil
	},
	"multibase.decode": func(g fields) (fields, error) {
		e, b, err := multibase.Decode(text(g, "text"))
		return fields{"base": multibase.EncodingToStr[e], "hex": hx(b)}, err
	},
	"multibase.encode": func(g fields) (fields, error) {
		e, ok := multibase.Encodings[text(g, "base")]
		if !ok {
			return nil, errUnsupported
		}
		t, err := multibase.Encode(e, octets(g, "hex"))
		return fields{"text": t}, err
	},
	"multihash.decode": func(g fields) (fields, error) {
		d, err := multihash.Decode(octets(g, "hex"))
		if err != nil {
			return nil, err
		}
		return fields{"code": d.Code, "size": d.Length, "digest": hx(d.Digest)}, nil
	},
	"certhash.parse": func(g fields) (fields, error) {
		_, b, err := multibase.Decode(text(g, "text"))
		if err != nil {
			return nil, err
		}
		d, err := multihash.Decode(b)
		if err != nil {
			return nil, err
		}
		return fields{"sha256": hx(d.Digest)}, nil
	},
	"peer_id.parse": func(g fields) (fields, error) {
		id, err := peer.Decode(text(g, "text"))
		return forms(id), err
	},
	"peer_id.decode": func(g fields) (fields, error) {
		id, err := peer.IDFromBytes(octets(g, "multihash"))
		return forms(id), err
	},
	"public_key.decode": func(g fields) (fields, error) {
		k, err := crypto.UnmarshalPublicKey(octets(g, "protobuf"))
		if err != nil {
			return nil, err
		}
		id, err := peer.IDFromPublicKey(k)
		out := forms(id)
		out["key_type"] = map[string]string{"Secp256k1": "secp256k1"}[k.Type().String()]
		if out["key_type"] == "" {
			out["key_type"] = k.Type().String()
		}
		return out, err
	},
	"public_key.verify": func(g fields) (fields, error) {
		k, err := crypto.UnmarshalPublicKey(octets(g, "public_key"))
		if err != nil {
			return nil, err
		}
		if ok, err := k.Verify(octets(g, "message"), octets(g, "signature")); err != nil || !ok {
			return nil, errAuth
		}
		return fields{}, nil
	},
	"stun_message.decode": func(g fields) (fields, error) {
		m := stun.New()
		if err := stun.Decode(octets(g, "hex"), m); err != nil {
			return nil, err
		}
		attributes := []fields{}
		for _, a := range m.Attributes {
			attributes = append(attributes, fields{"type": int(a.Type), "length": int(a.Length), "value": hx(a.Value)})
		}
		return fields{"class": map[stun.MessageClass]string{stun.ClassRequest: "request", stun.ClassIndication: "indication", stun.ClassSuccessResponse: "success", stun.ClassErrorResponse: "error"}[m.Type.Class],
			"method": int(m.Type.Method), "length": int(m.Length), "transaction_id": hx(m.TransactionID[:])}, nil
	},
	"stun_fingerprint.check": func(g fields) (fields, error) {
		m := stun.New()
		if err := stun.Decode(octets(g, "hex"), m); err != nil {
			return nil, err
		}
		if stun.Fingerprint.Check(m) != nil {
			return nil, errAuth
		}
		return fields{}, nil
	},
	"stun_integrity.check": func(g fields) (fields, error) {
		if text(g, "algorithm") != "sha1" || (text(g, "realm") != "" && text(g, "key_algorithm") != "md5") {
			return nil, errUnsupported
		}
		m, key := stun.New(), stun.NewShortTermIntegrity(text(g, "password"))
		if text(g, "realm") != "" {
			key = stun.NewLongTermIntegrity(text(g, "username"), text(g, "realm"), text(g, "password"))
		}
		if err := stun.Decode(octets(g, "hex"), m); err != nil {
			return nil, err
		}
		if key.Check(m) != nil {
			return nil, errAuth
		}
		return fields{"key": hx(key)}, nil
	},
	"ice_candidate.parse": func(g fields) (fields, error) {
		c, err := ice.UnmarshalCandidate(text(g, "text"))
		if err != nil {
			return nil, err
		}
		out := fields{"foundation": c.Foundation(), "component": int(c.Component()), "transport": c.NetworkType().NetworkShort(), "priority": c.Priority(), "address": c.Address(), "port": c.Port(), "type": c.Type().String(), "rel_address": nil}
		if r := c.RelatedAddress(); r != nil && r.Address != "" {
			out["rel_address"], out["rel_port"] = r.Address, r.Port
		}
		return out, nil
	},
	"dtls_record.decode": func(g fields) (fields, error) {
		all, err := recordlayer.UnpackDatagram(octets(g, "hex"))
		if err != nil {
			return nil, err
		}
		for _, b := range all {
			var h recordlayer.Header
			if err := h.Unmarshal(b); err != nil {
				return nil, err
			}
			if r := (&recordlayer.RecordLayer{}); h.Epoch == 0 && h.ContentType != 22 {
				if err := r.Unmarshal(b); err != nil {
					return nil, err
				}
			}
		}
		return fields{}, nil
	},
	"dtls_client_hello.decode": func(g fields) (fields, error) {
		var m handshake.MessageClientHello
		if err := m.Unmarshal(octets(g, "hex")); err != nil {
			return nil, err
		}
		return fields{"cookie": hx(m.Cookie), "session_id": hx(m.SessionID)}, nil
	},
	"webrtc_framing.decode": func(g fields) (fields, error) {
		out, rest, err := frame(octets(g, "hex"))
		if err == nil && len(rest) > 0 {
			err = errors.New("more than one frame")
		}
		return out, err
	},
	"noise_xx.handshake": func(g fields) (fields, error) {
		if len(g["payloads"].([]any)) != 3 {
			return nil, errUnsupported
		}
		sides, messages, err := exchange(g, 3)
		if err != nil {
			return nil, err
		}
		return fields{"messages": messages, "handshake_hash": hx(sides[0].ChannelBinding())}, nil
	},
	"noise_xx.read": readMessage,
	"relay_hop.decode": func(g fields) (fields, error) {
		var m circuit.HopMessage
		if err := proto.Unmarshal(octets(g, "hex"), &m); err != nil {
			return nil, err
		}
		return circuitMessage(m.GetType().String(), m.Status, m.Peer)
	},
	"relay_stop.decode": func(g fields) (fields, error) {
		var m circuit.StopMessage
		if err := proto.Unmarshal(octets(g, "hex"), &m); err != nil {
			return nil, err
		}
		return circuitMessage(m.GetType().String(), m.Status, m.Peer)
	},
	"signed_envelope.open": func(g fields) (fields, error) {
		if _, err := record.UnmarshalEnvelope(octets(g, "hex")); err != nil {
			return nil, err
		}
		e, err := record.ConsumeTypedEnvelope(octets(g, "hex"), anyRecord(text(g, "domain")))
		if err != nil {
			return nil, errAuth
		}
		return fields{"payload": hx(e.RawPayload), "payload_type": hx(e.PayloadType)}, nil
	},
	"identify.decode": func(g fields) (fields, error) {
		var m identify.Identify
		if err := proto.Unmarshal(octets(g, "hex"), &m); err != nil {
			return nil, err
		}
		addrs, protocols := []string{}, append([]string{}, m.Protocols...)
		for _, a := range m.ListenAddrs {
			addrs = append(addrs, hx(a))
		}
		return fields{"listen_addrs": addrs, "protocols": protocols}, nil
	},
}

// The library reads more than these operations give back.
var partial = map[string]bool{"public_key.decode": true, "stun_message.decode": true, "ice_candidate.parse": true, "dtls_record.decode": true, "dtls_client_hello.decode": true, "noise_xx.handshake": true,
	"relay_hop.decode": true, "relay_stop.decode": true, "signed_envelope.open": true, "identify.decode": true}

func answer(id any, op string, in fields) (out fields) {
	run := ops[op]
	if run == nil {
		return fields{"id": id, "status": "unsupported"}
	}
	result, err := run(in)
	switch {
	case errors.Is(err, errUnsupported):
		return fields{"id": id, "status": "unsupported"}
	case errors.Is(err, errAuth):
		return fields{"id": id, "status": "error", "error": "auth"}
	case err != nil:
		return fields{"id": id, "status": "error", "error": "malformed"}
	}
	return fields{"id": id, "status": "ok", "out": result, "partial": partial[op]}
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		q := struct {
			ID any    `json:"id"`
			Op string `json:"op"`
			In fields `json:"in"`
		}{}
		if json.Unmarshal(line, &q) != nil {
			os.Exit(1)
		}
		out.Encode(answer(q.ID, q.Op, q.In))
	}
}
