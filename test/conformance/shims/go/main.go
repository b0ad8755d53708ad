// go-libp2p and its packages behind the protocol of vectors/SHIM.md. Every operation calls the library's own function; nothing is checked here. An
// operation that is refused panics with the library's error.
package main

import (
	"errors"
	"strconv"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/record"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/pb"
	reservation "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	identify "github.com/libp2p/go-libp2p/p2p/protocol/identify/pb"
	direct "github.com/libp2p/go-libp2p/p2p/transport/webrtc"
	webrtc "github.com/libp2p/go-libp2p/p2p/transport/webrtc/pb"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/multiformats/go-multibase"
	"github.com/multiformats/go-multihash"
	"github.com/multiformats/go-varint"
	"google.golang.org/protobuf/proto"
)

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

// Where a multiaddr of webrtc-direct leads.
func endpoint(addr ma.Multiaddr) fields {
	ip, err := addr.ValueForProtocol(ma.P_IP4)
	if err != nil {
		ip = must(addr.ValueForProtocol(ma.P_IP6))
	}
	return fields{"ip": ip, "port": must(strconv.Atoi(must(addr.ValueForProtocol(ma.P_UDP))))}
}

func dial(g fields) fields {
	info := must(peer.AddrInfoFromString(text(g, "text")))
	if len(info.Addrs) == 0 || !(&direct.WebRTCTransport{}).CanDial(info.Addrs[0]) {
		panic(errors.New("not of this transport"))
	}
	out := endpoint(info.Addrs[0])
	_, hash, err := multibase.Decode(must(info.Addrs[0].ValueForProtocol(ma.P_CERTHASH)))
	check(err)
	out["sha256"], out["peer_id"] = hx(must(multihash.Decode(hash)).Digest), info.ID.String()
	return out
}

func listen(g fields) fields {
	addr := must(ma.NewMultiaddr(text(g, "text")))
	if is, _ := direct.IsWebRTCDirectMultiaddr(addr); !is {
		panic(errors.New("not of this transport"))
	}
	return endpoint(addr)
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
	"public_key.decode": publicKey, "public_key.verify": verify,
	"webrtc_direct_multiaddr.dial": dial, "webrtc_direct_multiaddr.listen": listen, "noise_primitives.seal": seal, "noise_primitives.open": open,
	"webrtc_framing.decode": frame, "noise_payload.verify": payload, "noise_xx.handshake": handshakes, "noise_xx.read": readMessage, "signed_envelope.open": envelope,
	"relay_voucher.decode": func(g fields) fields {
		var v reservation.ReservationVoucher
		check(v.UnmarshalRecord(octets(g, "hex")))
		return fields{"relay": v.Relay.String(), "peer": v.Peer.String(), "expiration": strconv.FormatInt(v.Expiration.Unix(), 10)}
	},
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
var partial = map[string]bool{"public_key.decode": true, "noise_xx.handshake": true, "noise_payload.verify": true, "relay_voucher.decode": true,
	"relay_hop.decode": true, "relay_stop.decode": true, "signed_envelope.open": true, "identify.decode": true}

func main() { serve(ops, partial) }
