"""Octets in order, with a refusal where they end too early."""
from serve import Refused


def need(condition, kind="malformed"):
    if not condition:
        raise Refused(kind)


class Octets:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        need(n <= len(self.data) - self.at)
        self.at += n
        return self.data[self.at - n:self.at]

    def number(self, n):
        return int.from_bytes(self.take(n), "big")

    def vector(self, size, low=0):
        """A vector of TLS (RFC 5246 section 4.3): its length in `size` octets, then that much."""
        n = self.number(size)
        need(n >= low)
        return self.take(n)

    def left(self):
        return len(self.data) - self.at

    def end(self):
        need(self.left() == 0)
