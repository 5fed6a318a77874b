"""Answers that are barely HTTP: 8 classes, said by a bare socket to requests of every kind."""

from __future__ import annotations

from dataclasses import dataclass

from tests.bad.row import Row


@dataclass(frozen=True, slots=True)
class Said:
    """Bytes that answer a request, and whether they may be taken for an answer at all."""

    raw: bytes
    usable: bool = False
    close: bool = True


def _body(text: bytes = b"fine", *headers: bytes, status: bytes = b"200 OK") -> bytes:
    return b"\r\n".join([b"HTTP/1.1 " + status, *headers, b"Content-Length: %d" % len(text), b"", text])


_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

ROWS: tuple[Row, ...] = tuple(
    Row(name, "RestClient.send over loopback", expected, cases, also)
    for name, expected, cases, also in (
        (
            "no headers",
            "a body to the end of the connection is whole; less than a status line is no answer",
            [
                Said(b"HTTP/1.1 200 OK\r\n\r\nfine", usable=True),
                Said(b"HTTP/1.0 200 OK\r\n\r\nfine", usable=True),
                Said(b"HTTP/1.1 200\r\n\r\n", usable=True),
                Said(b"200 OK\r\n\r\nfine"),
                Said(b"fine"),
                Said(b"\r\n\r\n"),
                Said(b"HTTP/9.9 abc\r\n\r\n"),
                Said(b"HTTP/1.1 200 OK\r\n"),
                Said(b""),
                Said(b"HTTP/1.1 99999 OK\r\n\r\n"),
                Said(b"HTTP/1.1 -1 OK\r\n\r\n"),
                Said(b"\x16\x03\x01\x02\x00\x01"),
            ],
            (),
        ),
        (
            "two Content-Length",
            "no answer: UNKNOWN",
            [
                Said(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
                Said(b"HTTP/1.1 200 OK\r\nContent-Length: 4, 4\r\n\r\nfine"),
                Said(b"HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\nfine"),
                Said(b"HTTP/1.1 200 OK\r\nContent-Length: +4\r\n\r\nfine"),
                Said(b"HTTP/1.1 200 OK\r\nContent-Length: 0x4\r\n\r\nfine"),
                Said(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\nfine"),
                Said(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nfine"),
            ],
            ("tests/net/test_rest.py::test_an_unusable_answer_to_a_write_is_unknown",),
        ),
        (
            "chunk garbage",
            "no answer: UNKNOWN",
            [
                Said(_CHUNKED + rest)
                for rest in (
                    b"zz\r\nab\r\n",
                    b"-1\r\n",
                    b"5\r\nab\r\n0\r\n\r\n",
                    b"ffffffffffffffff\r\n",
                    b"4\r\nfine",
                    b"4\r\nfineXX0\r\n\r\n",
                    b"",
                    b"\r\n",
                )
            ]
            + [Said(_CHUNKED + b"4;" + b"x" * 70_000 + b"\r\nfine\r\n0\r\n\r\n", usable=True)],
            (),
        ),
        (
            "100-continue",
            "passed over; alone it is no answer",
            [Said(b"HTTP/1.1 100 Continue\r\n\r\n" * n + _body(), usable=True) for n in (1, 2, 3)]
            + [Said(b"HTTP/1.1 100 Continue\r\n\r\n"), Said(b"HTTP/1.1 100 Continue\r\n")],
            (),
        ),
        (
            "1xx flood",
            "bounded by the total time; an answer after it still counts",
            [
                Said(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 200 + _body(), usable=True),
                Said(b"HTTP/1.1 102 Processing\r\n\r\n" * 5_000),
                Said(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
                Said(b"HTTP/1.1 199 x\r\n\r\n" * 50, close=False),
            ],
            (),
        ),
        (
            "Set-Cookie",
            "taken without the cookie",
            [
                Said(_body(b"fine", *(b"Set-Cookie: spy%d=%s; Path=/" % (i, value) for i in range(3))), usable=True)
                for value in (b"1", b"x" * 4000, b"\xff\xfe", b"a;b\x0b", b"")
            ],
            ("tests/net/test_rest.py::test_cookies_and_proxies_are_not_picked_up",),
        ),
        (
            "header 64 kB",
            "no answer: UNKNOWN",
            [
                Said(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 65_536 + b"\r\nContent-Length: 4\r\n\r\nfine"),
                Said(_body(b"fine", b"a" * 65_536 + b": x")),
                Said(b"HTTP/1.1 200 " + b"O" * 65_536 + b"\r\n\r\n"),
                Said(_body(b"fine", b"bad header without colon")),
                Said(_body(b"fine", b"X\x00Y: 1")),
            ],
            (),
        ),
        (
            "204 with body",
            "not an acceptance: UNKNOWN; the rest is not taken for the next answer",
            [
                Said(_body(status=status), usable=False)
                for status in (b"204 No Content", b"304 Not Modified", b"205 Reset Content", b"206 Partial Content")
            ],
            (),
        ),
    )
)
