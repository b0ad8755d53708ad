package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"reflect"
	"time"
	_ "unsafe" // go:linkname

	"github.com/libp2p/go-libp2p/core/network"
	_ "github.com/libp2p/go-libp2p/p2p/transport/webrtc"
	"github.com/libp2p/go-libp2p/p2p/transport/webrtc/pb"
	"github.com/libp2p/go-msgio/pbio"
	"github.com/multiformats/go-varint"
	"github.com/pion/datachannel"
	"github.com/pion/logging"
	"github.com/pion/sctp"
	"github.com/pion/webrtc/v4"
)

// The stream of go-libp2p, which it does not export; linkname.s lets these have no bodies.
type stream struct{}

//go:linkname newStream github.com/libp2p/go-libp2p/p2p/transport/webrtc.newStream
func newStream(channel *webrtc.DataChannel, rwc datachannel.ReadWriteCloser, maxSendMessageSize int, onDone func()) *stream

//go:linkname streamRead github.com/libp2p/go-libp2p/p2p/transport/webrtc.(*stream).Read
func streamRead(s *stream, b []byte) (int, error)

//go:linkname streamWrite github.com/libp2p/go-libp2p/p2p/transport/webrtc.(*stream).Write
func streamWrite(s *stream, b []byte) (int, error)

//go:linkname streamCloseWrite github.com/libp2p/go-libp2p/p2p/transport/webrtc.(*stream).CloseWrite
func streamCloseWrite(s *stream) error

//go:linkname streamCloseRead github.com/libp2p/go-libp2p/p2p/transport/webrtc.(*stream).CloseRead
func streamCloseRead(s *stream) error

//go:linkname streamReset github.com/libp2p/go-libp2p/p2p/transport/webrtc.(*stream).Reset
func streamReset(s *stream) error

const settling = 500 * time.Millisecond // of the bubble's time: SACKs may be 200 ms late

// A data channel between two associations of pion over a pipe.
func channelPair() (ours, theirs *datachannel.DataChannel, end func()) {
	a, b := net.Pipe()
	config := func(c net.Conn) sctp.Config {
		return sctp.Config{NetConn: c, LoggerFactory: logging.NewDefaultLoggerFactory()}
	}
	accepted := make(chan *sctp.Association, 1)
	go func() { accepted <- must(sctp.Server(config(a))) }()
	dialer := must(sctp.Client(config(b)))
	listener := <-accepted
	theirs = must(datachannel.Dial(dialer, 1, &datachannel.Config{LoggerFactory: logging.NewDefaultLoggerFactory()}))
	ours = must(datachannel.Accept(listener, &datachannel.Config{LoggerFactory: logging.NewDefaultLoggerFactory()}))
	return ours, theirs, func() { dialer.Close(); listener.Close(); a.Close(); b.Close() }
}

// What newStream asks of the channel is its number.
func numbered(id uint16) *webrtc.DataChannel {
	c := &webrtc.DataChannel{}
	field := reflect.ValueOf(c).Elem().FieldByName("id")
	reflect.NewAt(field.Type(), field.Addr().UnsafePointer()).Elem().Set(reflect.ValueOf(&id))
	return c
}

func rawFrame(step fields) []byte {
	if step["hex"] != nil {
		return octets(step, "hex")
	}
	var body []byte
	if step["flag"] != nil {
		body = append([]byte{8}, varint.ToUvarint(uint64(step["flag"].(float64)))...)
	}
	if step["message"] != nil {
		m := octets(step, "message")
		body = append(append(append(body, 18), varint.ToUvarint(uint64(len(m)))...), m...)
	}
	return append(varint.ToUvarint(uint64(len(body))), body...)
}

func act(s *stream, theirs *datachannel.DataChannel, step fields) {
	switch text(step, "do") {
	case "close_write":
		check(streamCloseWrite(s))
	case "close_read":
		check(streamCloseRead(s))
	case "reset":
		streamReset(s)
	case "write":
		must(streamWrite(s, octets(step, "data")))
	case "channel_reset":
		check(theirs.Close())
	}
}

// Data as it is read, until an error.
func readAll(s *stream, read *[]string, failed *error) {
	for b := make([]byte, 1<<16); *failed == nil; {
		n, err := streamRead(s, b)
		if n > 0 {
			*read = append(*read, hx(b[:n]))
		}
		*failed = err
	}
}

func flagsIn(sent []byte) []int {
	flags, r := []int{}, pbio.NewDelimitedReader(bytes.NewReader(sent), 1<<16)
	for {
		var m pb.Message
		if r.ReadMsg(&m) != nil {
			return flags
		}
		if m.Flag != nil {
			flags = append(flags, int(m.GetFlag()))
		}
	}
}

// A half that ended in another way than by its own protocol was ended by what came.
func ordinary(err error) bool {
	var reset *network.StreamError
	return err == nil || err == io.EOF || errors.As(err, &reset) || err.Error() == "write after close"
}

func run(g fields) fields {
	ours, theirs, end := channelPair()
	defer end()
	s, read, sent, closed := newStream(numbered(1), ours, 16384, nil), []string{}, []byte{}, false
	var readError error
	go readAll(s, &read, &readError)
	go func() {
		for b := make([]byte, 1<<16); ; {
			n, err := theirs.Read(b)
			if err != nil {
				return
			}
			sent = append(sent, b[:n]...)
		}
	}()
	for _, step := range list(g, "steps") {
		step := fields(step.(map[string]any))
		closed = closed || text(step, "do") == "channel_reset"
		if step["do"] != nil {
			act(s, theirs, step)
		} else {
			theirs.Write(rawFrame(step))
		}
		time.Sleep(settling)
	}
	flags := flagsIn(sent)
	_, writeError := streamWrite(s, []byte("x"))
	if !ordinary(readError) || !closed && !ordinary(writeError) {
		panic(errors.Join(readError, writeError))
	}
	out := fields{"readable": readError == nil, "writable": writeError == nil, "sent_flags": flags, "read": read}
	var reset *network.StreamError
	if errors.As(readError, &reset) && reset.Remote || writeError == nil {
		out["reset"] = writeError != nil
	}
	return out
}
