package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/flynn/noise"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/security/noise/pb"
	"google.golang.org/protobuf/proto"
)

var suite = noise.NewCipherSuite(noise.DH25519, noise.CipherChaChaPoly, noise.HashSHA256)

func side(g fields, name, prologue string) *noise.HandshakeState {
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

func cipher(g fields) *noise.CipherState {
	return noise.UnsafeNewCipherState(suite, [32]byte(octets(g, "key")), must(strconv.ParseUint(text(g, "nonce_counter"), 10, 64)))
}

func seal(g fields) fields {
	return fields{"ciphertext": hx(must(cipher(g).Encrypt(nil, octets(g, "ad"), octets(g, "plaintext"))))}
}

func open(g fields) fields {
	plain, err := cipher(g).Decrypt(nil, octets(g, "ad"), octets(g, "ciphertext"))
	auth(err)
	return fields{"plaintext": hx(plain)}
}

func payload(g fields) fields {
	var m pb.NoiseHandshakePayload
	check(proto.Unmarshal(octets(g, "payload"), &m))
	key := must(crypto.UnmarshalPublicKey(m.GetIdentityKey()))
	if ok, err := key.Verify(append([]byte("noise-libp2p-static-key:"), octets(g, "noise_static")...), m.GetIdentitySig()); err != nil || !ok {
		panic(errAuth)
	}
	return fields{"peer_id": must(peer.IDFromPublicKey(key)).String()}
}
