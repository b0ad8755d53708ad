"""libusrsctp by ctypes, as far as a listener over AF_CONN needs it; names and numbers are those of its usrsctp.h."""
import ctypes
import struct
import threading

lib = ctypes.CDLL("libusrsctp.so.2", use_errno=True)

AF_CONN, SOCK_STREAM, IPPROTO_SCTP, SOL_SOCKET, SO_LINGER = 123, 1, 132, 1, 13
SCTP_EVENT, SCTP_RECVRCVINFO, SCTP_ENABLE_STREAM_RESET, SCTP_FUTURE_ASSOC = 0x1E, 0x1F, 0x900, 0
SCTP_ASSOC_CHANGE, SCTP_STREAM_RESET_EVENT, SCTP_COMM_UP = 1, 9, 1
MSG_NOTIFICATION, SCTP_UNORDERED, STREAM_RESET_INCOMING, STREAM_RESET_REFUSED = 0x2000, 0x400, 1, 4 | 8
EWOULDBLOCK = 11

for name in ("usrsctp_socket", "usrsctp_accept"):
    getattr(lib, name).restype = ctypes.c_void_p

sent, lock = {}, threading.Lock()


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint8, ctypes.c_uint8)
def output(address, data, length, tos, set_df):
    with lock:
        sent.setdefault(address, []).append(ctypes.string_at(data, length))
    return 0


lib.usrsctp_init(0, output, None)
lib.usrsctp_sysctl_set_sctp_ecn_enable(0)


class Listener:
    """A socket of its own for every case, at an address that nobody else has."""

    last = 0

    def __init__(self):
        Listener.last += 1
        self.address = Listener.last
        lib.usrsctp_register_address(ctypes.c_void_p(self.address))
        self.socket = ctypes.c_void_p(lib.usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, None, None, 0, None))
        self.accepted = None
        self.option(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.option(IPPROTO_SCTP, SCTP_RECVRCVINFO, struct.pack("i", 1))
        self.option(IPPROTO_SCTP, SCTP_ENABLE_STREAM_RESET, struct.pack("II", SCTP_FUTURE_ASSOC, 1))
        for event in (SCTP_ASSOC_CHANGE, SCTP_STREAM_RESET_EVENT):
            self.option(IPPROTO_SCTP, SCTP_EVENT, struct.pack("IHBx", SCTP_FUTURE_ASSOC, event, 1))
        where = struct.pack("=H", AF_CONN) + struct.pack(">H", 5000) + bytes(4) + struct.pack("=Q", self.address)
        lib.usrsctp_set_non_blocking(self.socket, 1)
        if lib.usrsctp_bind(self.socket, where, len(where)) or lib.usrsctp_listen(self.socket, 1):
            raise OSError(ctypes.get_errno(), "usrsctp does not listen")

    def option(self, level, name, value):
        if lib.usrsctp_setsockopt(self.socket, level, name, value, len(value)):
            raise OSError(ctypes.get_errno(), "option %#x" % name)

    def give(self, packet):
        lib.usrsctp_conninput(ctypes.c_void_p(self.address), packet, ctypes.c_size_t(len(packet)), 0)

    def taken(self):
        """What it has sent since it was asked last."""
        with lock:
            return sent.pop(self.address, [])

    def accept(self):
        self.accepted = ctypes.c_void_p(lib.usrsctp_accept(self.socket, None, None))
        if self.accepted:
            lib.usrsctp_set_non_blocking(self.accepted, 1)
        return bool(self.accepted)

    def receive(self):
        """Data, information and flags of one message; None when there is none; b"" with flags 0 at the end."""
        data, info = ctypes.create_string_buffer(65536), ctypes.create_string_buffer(64)
        size, kind, flags = ctypes.c_uint32(64), ctypes.c_uint(0), ctypes.c_int(0)
        ctypes.set_errno(0)
        n = lib.usrsctp_recvv(self.accepted, data, ctypes.c_size_t(65536), None, None, info, ctypes.byref(size), ctypes.byref(kind), ctypes.byref(flags))
        n = ctypes.c_ssize_t(n).value
        if n < 0:
            return None if ctypes.get_errno() == EWOULDBLOCK else (b"", b"", 0)
        return data.raw[:n], info.raw, flags.value

    def close(self):
        for s in (self.accepted, self.socket):
            if s:
                lib.usrsctp_close(s)
        lib.usrsctp_deregister_address(ctypes.c_void_p(self.address))
