package main

import (
	"encoding/binary"
	"io"

	"github.com/pion/datachannel"
	"github.com/pion/logging"
)

// A message on a stream of an association that is up.
func (p *peer) give(tsn uint32, stream, ssn uint16, ppid uint32, data []byte) {
	value := binary.BigEndian.AppendUint32(nil, tsn)
	value = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(value, stream), ssn)
	p.in <- packet(p.tag, false, chunk(0, 3, append(binary.BigEndian.AppendUint32(value, ppid), data...)))
}

// An INIT of 1024 streams each way, first TSN 1000, which can do FORWARD TSN and RE-CONFIG.
const plainInit = "0100001e0a0b0c0d0002000004000400000003e8c00000048008000682c0"

func dcepDecode(g fields) fields {
	m := octets(g, "hex")
	if len(m) == 0 || m[0] == 2 { // an ACK shows nothing, and no message is empty
		if datachannel.TryMarshalUnmarshal(m) == 0 {
			panic("refused")
		}
		return fields{"type": "ACK"}
	}
	p := associate(fields{"init": plainInit})
	defer close(p.in)
	p.give(1000, 1, 0, 50, m)
	d := must(datachannel.Server(<-p.streams, &datachannel.Config{LoggerFactory: &logging.DefaultLoggerFactory{Writer: io.Discard}}))
	return fields{"type": "OPEN", "channel_type": int(d.ChannelType), "priority": int(d.Priority), "reliability_parameter": d.ReliabilityParameter, "label": d.Label, "protocol": d.Protocol}
}
