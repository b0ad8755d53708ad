package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-yamux/v5"
)

const readLimit = 64 << 10 // far below half a window, so that no window grows

type seen struct {
	stream     *yamux.Stream
	data       []byte
	eof, reset bool
}

// Takes what is there.
func (s *seen) read(limit int) {
	b := make([]byte, 1<<14)
	for len(s.data) < limit {
		s.stream.SetReadDeadline(time.Now())
		n, err := s.stream.Read(b)
		s.data = append(s.data, b[:n]...)
		s.eof, s.reset = s.eof || err == io.EOF, s.reset || err != nil && err != io.EOF && err != yamux.ErrTimeout
		if n == 0 {
			return
		}
	}
}

func frameOf(f any) ([]byte, int) {
	if s, is := f.(string); is {
		return octets(fields{"hex": s}, "hex"), 1
	}
	g := f.(map[string]any)
	times := 1
	if g["times"] != nil {
		times = int(g["times"].(float64))
	}
	return append(octets(g, "header"), bytes.Repeat(octets(g, "fill"), int(g["count"].(float64)))...), times
}

func newSession(g fields, conn net.Conn) *yamux.Session {
	config := yamux.DefaultConfig()
	config.EnableKeepAlive, config.LogOutput = false, io.Discard
	if text(g, "receiver") == "client" {
		return must(yamux.Client(conn, config, nil))
	}
	return must(yamux.Server(conn, config, nil))
}

// Why it ended: with a go-away, or because of what the peer did.
func ended(s *yamux.Session, out fields) {
	_, err := s.OpenStream(context.Background())
	var away *yamux.GoAwayError
	if errors.As(err, &away) && away.Remote {
		out["goaway"] = away.ErrorCode
	} else if err != io.EOF {
		panic(err)
	}
}

func session(g fields) fields {
	peer, ours := net.Pipe()
	var wire bytes.Buffer
	var streams []*seen
	s := newSession(g, ours)
	defer s.Close()
	defer peer.Close()
	go io.Copy(struct{ io.Writer }{&wire}, peer)
	go func() {
		for st, err := s.AcceptStream(); err == nil; st, err = s.AcceptStream() {
			streams = append(streams, &seen{stream: st})
		}
	}()
	synctest.Wait()
	wire.Reset() // a first ping of its own
	for _, f := range list(g, "frames") {
		octets, times := frameOf(f)
		for ; times > 0; times-- {
			peer.Write(octets)
		}
		synctest.Wait()
		for _, st := range streams {
			st.read(readLimit)
		}
	}
	out := fields{"streams": []fields{}, "reply": hx(wire.Bytes())}
	if g["end"] == true {
		peer.Close()
		synctest.Wait()
	}
	if s.IsClosed() {
		ended(s, out)
	}
	list := []fields{}
	for _, st := range streams {
		if !s.IsClosed() {
			st.read(1 << 30)
		}
		list = append(list, fields{"id": st.stream.StreamID(), "data": hx(st.data), "length": len(st.data), "half_closed_by_peer": st.eof, "reset": st.reset})
	}
	out["streams"] = list
	return out
}
