// A go-libp2p peer for test/interop.
//
//	peer dialer                                          control protocol on standard input (see ../README.md)
//	peer server [--listen MULTIADDR] [--echo] --json     the command line and events of webrtc-direct-server
//	peer client MULTIADDR [--direct-version N] [--send TEXT] [--ping N] [--timeout S] --json
//	                                                     those of webrtc-direct-client
//	peer p2p                                             control protocol of Demo 2
//	peer relay [--listen MULTIADDR]... --json            the events of webrtc-p2p-relay
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
)

var out sync.Mutex

func say(object map[string]any) {
	line, _ := json.Marshal(object)
	out.Lock()
	defer out.Unlock()
	os.Stdout.Write(append(line, '\n'))
}

// libraryVersion is that of the go-libp2p this binary was built with.
func libraryVersion() string {
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/libp2p/go-libp2p" {
				return "go-libp2p " + m.Version
			}
		}
	}
	return "go-libp2p ?"
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: peer dialer|server|client|p2p|relay|version ...")
		os.Exit(2)
	}
	switch os.Args[1] {
	case "dialer":
		runDialer()
	case "server":
		runServer(os.Args[2:])
	case "client":
		os.Exit(runClient(os.Args[2:]))
	case "p2p":
		runP2P()
	case "relay":
		runRelay(os.Args[2:])
	case "version":
		fmt.Println(libraryVersion())
	default:
		os.Exit(2)
	}
}
