"""A stream of py-libp2p's WebRTC, with this program for its data channel."""
import trio
import trio.testing
from libp2p.transport.webrtc.pb.webrtc_pb2 import Message
from libp2p.transport.webrtc.stream import StreamState, WebRTCStream, _decode_frames
from libp2p.utils.varint import encode_uvarint

from serve import Refused


def frame_of(step):
    """Written here: the library would not write a flag that it does not know."""
    if "hex" in step:
        return bytes.fromhex(step["hex"])
    message = bytes.fromhex(step.get("message") or "")
    body = (b"\x08" + encode_uvarint(step["flag"]) if "flag" in step else b"") + (b"\x12" + encode_uvarint(len(message)) + message if "message" in step else b"")
    return encode_uvarint(len(body)) + body


class Channel:
    """What a stream knows of its connection."""

    def __init__(self):
        self.sent, self.is_running, self._bridge = bytearray(), True, self

    def _send_on_channel_cb(self, channel, framed):
        self.sent += framed

    def schedule_fire_and_forget(self, nothing):
        pass

    async def send(self, framed):
        self.sent += framed


async def act(stream, nursery, step):
    ended = stream._state in (StreamState.CLOSED, StreamState.RESET)  # its close() asks for both halves at once
    if step["do"] == "close_write" and not ended and not stream._write_closed:
        nursery.start_soon(stream._close_write)
    elif step["do"] == "write":
        await stream.write(bytes.fromhex(step["data"]))
    elif step["do"] == "reset":
        await stream.reset()
    elif step["do"] == "close_read" and not ended and not stream._read_closed:
        stream._close_read_side()
    elif step["do"] == "channel_reset":
        stream.on_channel_close()


def take(stream, read):
    try:
        while True:
            read.append(stream._read_recv.receive_nowait().hex())
    except (trio.WouldBlock, trio.ClosedResourceError, trio.EndOfChannel):
        pass


async def run(given, clock):
    channel, read = Channel(), []
    stream = WebRTCStream(channel, 1, False)
    stream._send_callback = channel.send
    async with trio.open_nursery() as nursery:
        for step in given["steps"]:
            if "do" in step:
                await act(stream, nursery, step)
            else:
                stream.on_data(frame_of(step))
            await trio.testing.wait_all_tasks_blocked()
            take(stream, read)
        nursery.cancel_scope.cancel()
    reset = stream._state == StreamState.RESET
    flags = [m.flag for m in _decode_frames(channel.sent) if m.HasField("flag")]
    if Message.RESET in flags and not any(s.get("do") == "reset" for s in given["steps"]):
        raise Refused()
    return {"readable": not (stream._read_closed or reset), "writable": not (stream._write_closed or reset), "reset": reset, "sent_flags": flags, "read": [r for r in read if r]}
