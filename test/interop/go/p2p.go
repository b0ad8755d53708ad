package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	webrtc "github.com/libp2p/go-libp2p/p2p/transport/webrtc"
)

const p2pChat = "/webrtc-p2p-chat/1.0.0"

// newP2PHost makes a host of Demo 2: TCP with Noise and Yamux, webrtc-direct, circuits; it limits nothing.
func newP2PHost(listen ...string) (host.Host, error) {
	limits, err := rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(rcmgr.InfiniteLimits))
	if err != nil {
		return nil, err
	}
	addrs := libp2p.NoListenAddrs
	if len(listen) > 0 {
		addrs = libp2p.ListenAddrStrings(listen...)
	}
	return libp2p.New(addrs, libp2p.Transport(tcp.NewTCPTransport), libp2p.Transport(webrtc.New), libp2p.Security(noise.ID, noise.New),
		libp2p.Muxer(yamux.ID, yamux.DefaultTransport), libp2p.ResourceManager(limits), libp2p.EnableRelay(), libp2p.UserAgent("weft-interop-go"))
}

// served counts what the echo handler of this process sent back.
type served struct{ streams, bytes atomic.Int64 }

func (v *served) handle(s network.Stream) {
	v.streams.Add(1)
	buf := make([]byte, 16384)
	for {
		n, err := s.Read(buf)
		if n > 0 {
			v.bytes.Add(int64(n))
			if _, werr := s.Write(buf[:n]); werr != nil {
				fmt.Fprintln(os.Stderr, "echo: write:", werr)
				s.Reset()
				return
			}
		}
		if err == io.EOF {
			s.Close()
			return
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "echo: read:", err)
			s.Reset()
			return
		}
	}
}

type p2p struct {
	dialer
	served served
}

func (p *p2p) open(c command) (answer, error) {
	if p.conn != nil {
		p.conn.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(max(c.Seconds, 15))*time.Second)
	defer cancel()
	began := time.Now()
	var err error
	if p.conn, err = dial(network.WithAllowLimitedConn(ctx, "p2p"), p.host, c.Addr); err != nil {
		return nil, err
	}
	p.closed = closedSignal(p.host, p.conn)
	p.chat = nil
	return answer{"peer": p.conn.RemotePeer().String(), "ms": ms(began)}, nil
}

func path(c network.Conn) answer {
	return answer{"peer": c.RemotePeer().String(), "remote": c.RemoteMultiaddr().String(), "limited": c.Stat().Limited}
}

// reserve asks for a reservation, as go does it: the voucher is verified by its client.
func (p *p2p) reserve(c command) (answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	info, err := peer.AddrInfoFromString(c.Addr)
	if err != nil {
		return nil, err
	}
	if err := p.host.Connect(ctx, *info); err != nil {
		return nil, err
	}
	r, err := client.Reserve(ctx, p.host, *info)
	if err != nil {
		return nil, err
	}
	return answer{"addr": fmt.Sprintf("%s/p2p-circuit/p2p/%s", c.Addr, p.host.ID()), "expires": r.Expiration.Unix(), "addrs": r.Addrs,
		"voucher": r.Voucher != nil, "seconds": r.LimitDuration.Seconds(), "bytes": r.LimitData}, nil
}

// inbound waits for a circuit that somebody opened to this host.
func (p *p2p) inbound(seconds float64) (answer, error) {
	for until := time.Now().Add(time.Duration(max(seconds, 15)) * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		for _, c := range p.host.Network().Conns() {
			if c.Stat().Direction == network.DirInbound {
				return path(c), nil
			}
		}
	}
	return nil, fmt.Errorf("nobody came within %v s", seconds)
}

// held opens n streams, has each echo its bytes, and ends none before all have: so many are open at once.
func (p *p2p) held(c command) (answer, error) {
	began := time.Now()
	var all, done sync.WaitGroup
	all.Add(c.N)
	errs := make(chan error, c.N)
	for i := range c.N {
		done.Go(func() { errs <- p.heldStream(&all, i, max(c.Bytes, 64)) })
	}
	done.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return answer{"n": c.N, "ms": ms(began)}, nil
}

func (p *p2p) heldStream(all *sync.WaitGroup, i, n int) error {
	s, err := p.stream()
	if err == nil {
		defer s.Close()
		s.SetDeadline(time.Now().Add(60 * time.Second))
		sent := pattern(n, int64(i)+1)
		if _, err = s.Write(sent); err == nil {
			got := <-readSome(s, n)
			if err = got.err; err == nil {
				err = compare(got.data, sent)
			}
		}
	}
	all.Done()
	if err != nil {
		return fmt.Errorf("stream %d: %w", i, err)
	}
	all.Wait()
	s.CloseWrite()
	if rest := <-readSome(s, -1); rest.err != nil || len(rest.data) != 0 {
		return fmt.Errorf("stream %d after FIN: %d bytes more, %v", i, len(rest.data), rest.err)
	}
	return nil
}

func (p *p2p) run(c command) (answer, error) {
	if p.conn == nil && c.Do == "path" {
		return nil, fmt.Errorf("not connected")
	}
	switch c.Do {
	case "open":
		return p.open(c)
	case "reserve":
		return p.reserve(c)
	case "path":
		return path(p.conn), nil
	case "inbound":
		return p.inbound(c.Seconds)
	case "served":
		return answer{"streams": p.served.streams.Load(), "bytes": p.served.bytes.Load()}, nil
	case "held":
		return p.held(c)
	case "close":
		if p.conn == nil {
			return answer{}, nil
		}
		return answer{}, p.conn.Close()
	}
	return p.dialer.run(c)
}

// runP2P is one host of Demo 2 behind the control protocol.
func runP2P() {
	h, err := newP2PHost()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	p := &p2p{dialer: dialer{host: h, protocol: p2pChat}}
	h.SetStreamHandler(p2pChat, p.served.handle)
	say(answer{"ok": true, "ready": true, "version": libraryVersion(), "pid": os.Getpid()})
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var c command
		if err := json.Unmarshal(in.Bytes(), &c); err != nil || c.Do == "quit" {
			break
		}
		got, err := p.run(c)
		if err != nil {
			say(answer{"ok": false, "error": err.Error()})
			continue
		}
		got["ok"] = true
		say(got)
	}
	h.Close()
}

type addrs []string

func (a *addrs) String() string     { return fmt.Sprint(*a) }
func (a *addrs) Set(v string) error { *a = append(*a, v); return nil }

// runRelay is a circuit relay, and an echo server of the chat protocol besides.
func runRelay(args []string) {
	var listen addrs
	flags := flag.NewFlagSet("relay", flag.ExitOnError)
	flags.Var(&listen, "listen", "")
	flags.Bool("json", false, "")
	flags.Parse(args)
	h, err := newP2PHost(listen...)
	if err == nil {
		_, err = relay.New(h) // started here and not by EnableRelayService, which waits to be reachable from the Internet
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	v := &served{}
	h.SetStreamHandler(p2pChat, v.handle)
	announce(h)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
	for _, c := range h.Network().Conns() {
		c.Close()
	}
	h.Close()
}
