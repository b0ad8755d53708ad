package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
)

// chats are the open chat streams; a line typed at the server goes to all of them.
type chats struct {
	sync.Mutex
	open map[network.Stream]bool
}

func (c *chats) set(s network.Stream, open bool) {
	c.Lock()
	defer c.Unlock()
	if open {
		c.open[s] = true
	} else {
		delete(c.open, s)
	}
}

func (c *chats) send(line []byte) {
	c.Lock()
	defer c.Unlock()
	for s := range c.open {
		s.Write(line)
	}
}

func echo(s network.Stream) {
	buf := make([]byte, 16384)
	for {
		n, err := s.Read(buf)
		if n > 0 {
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

func (c *chats) serve(s network.Stream) {
	c.set(s, true)
	defer c.set(s, false)
	buf := make([]byte, 16384)
	for {
		n, err := s.Read(buf)
		if n > 0 {
			say(map[string]any{"event": "message", "peer": s.Conn().RemotePeer().String(), "text": string(buf[:n])})
		}
		if err != nil {
			s.Close()
			return
		}
	}
}

func announce(h host.Host) {
	h.Network().Notify(&network.NotifyBundle{
		ConnectedF: func(_ network.Network, c network.Conn) {
			say(map[string]any{"event": "connected", "peer": c.RemotePeer().String(), "dir": "in", "remote": c.RemoteMultiaddr().String()})
		},
		DisconnectedF: func(_ network.Network, c network.Conn) {
			say(map[string]any{"event": "disconnected", "peer": c.RemotePeer().String()})
		},
	})
	for _, addr := range h.Addrs() {
		say(map[string]any{"event": "listening", "addr": fmt.Sprintf("%s/p2p/%s", addr, h.ID())})
	}
}

func runServer(args []string) {
	flags := flag.NewFlagSet("server", flag.ExitOnError)
	listen := flags.String("listen", "/ip4/127.0.0.1/udp/0/webrtc-direct", "")
	echoing := flags.Bool("echo", false, "")
	flags.Bool("json", false, "")
	flags.Parse(args)
	h, err := newHost(1, *listen)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	all := &chats{open: map[network.Stream]bool{}}
	if *echoing {
		h.SetStreamHandler(chat, echo)
	} else {
		h.SetStreamHandler(chat, all.serve)
	}
	announce(h)
	go func() {
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			all.send(lines.Bytes())
		}
	}()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
	// Closing the host closes the socket first, and the goodbyes of its connections are lost with it.
	for _, c := range h.Network().Conns() {
		c.Close()
	}
	h.Close()
}
