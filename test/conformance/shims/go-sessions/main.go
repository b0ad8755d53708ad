// What go-libp2p does in a conversation, behind the protocol of vectors/SHIM.md: negotiation, Yamux sessions, reservations. The other end of every stream is this
// program, which passes octets on and looks at what the library gives back; nothing is checked here.
package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	relay "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	"github.com/multiformats/go-multistream"
)

// What comes is known beforehand, what goes out is kept.
type pipe struct {
	in  io.Reader
	out bytes.Buffer
}

func (p *pipe) Read(b []byte) (int, error)  { return p.in.Read(b) }
func (p *pipe) Write(b []byte) (int, error) { return p.out.Write(b) }
func (p *pipe) Close() error                { return nil }

func list(g fields, k string) []any { l, _ := g[k].([]any); return l }

func negotiate(g fields) fields {
	var chunks []io.Reader
	for _, c := range list(g, "input") {
		chunks = append(chunks, bytes.NewReader(octets(fields{"hex": c}, "hex")))
	}
	p := &pipe{in: io.MultiReader(chunks...)}
	mux, protocols, selected := multistream.NewMultistreamMuxer[string](), []string{}, ""
	for _, name := range list(g, "protocols") {
		protocols = append(protocols, name.(string))
		mux.AddHandler(name.(string), nil)
	}
	if text(g, "role") == "dialer" {
		selected = must(multistream.SelectOneOf(protocols, p))
	} else {
		name, _, err := mux.Negotiate(p)
		check(err)
		selected = name
	}
	out := fields{"output": hx(p.out.Bytes()), "selected": selected}
	if left := must(io.ReadAll(p.in)); len(left) > 0 {
		out["left"] = hx(left)
	}
	return out
}

type fakeHost struct {
	host.Host
	id     peer.ID
	answer []byte
}

type fakeStream struct {
	network.Stream
	pipe
}

func (s *fakeStream) Read(b []byte) (int, error)    { return s.pipe.Read(b) }
func (s *fakeStream) Write(b []byte) (int, error)   { return s.pipe.Write(b) }
func (s *fakeStream) Close() error                  { return nil }
func (s *fakeStream) Reset() error                  { return nil }
func (s *fakeStream) SetDeadline(t time.Time) error { return nil }

func (h *fakeHost) ID() peer.ID { return h.id }
func (h *fakeHost) NewStream(context.Context, peer.ID, ...protocol.ID) (network.Stream, error) {
	return &fakeStream{pipe: pipe{in: bytes.NewReader(h.answer)}}, nil
}

func reserve(g fields) fields {
	time.Sleep(time.Until(time.Unix(int64(g["unix_now"].(float64)), 0)))
	h := &fakeHost{id: must(peer.Decode(text(g, "self"))), answer: octets(g, "hex")}
	r, err := relay.Reserve(context.Background(), h, peer.AddrInfo{ID: must(peer.Decode(text(g, "relay")))})
	check(err)
	return fields{"expire": r.Expiration.Unix()}
}

// inBubble runs an operation where nothing but sleeping takes time, and where synctest.Wait knows when all of the library has nothing left to do.
func inBubble(t *testing.T, run func(fields) fields) func(fields) fields {
	return func(g fields) (out fields) {
		var refused any
		synctest.Test(t, func(*testing.T) {
			defer func() { refused = recover() }()
			out = run(g)
		})
		if refused != nil {
			panic(refused)
		}
		return
	}
}

func main() {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	testing.Main(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "shim", F: func(t *testing.T) {
		serve(map[string]func(fields) fields{"multistream.negotiate": negotiate, "yamux_session.receive": inBubble(t, session), "relay_voucher.reserve": inBubble(t, reserve), "webrtc_stream.run": inBubble(t, run)},
			map[string]bool{"webrtc_stream.run": true})
		os.Exit(0)
	}}}, nil, nil)
}
