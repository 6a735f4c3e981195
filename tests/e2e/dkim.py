# SPDX-License-Identifier: ISC
"""What a DKIM signature (RFC 6376) in relaxed form is a signature of; whether
it is one, openssl has to say."""
import base64
import hashlib
import re


def relaxed(field):
    name, value = field.split(":", 1)
    value = re.sub(r"[ \t]+", " ", value.replace("\r\n", ""))
    return f"{name.lower().strip()}:{value.strip()}\r\n"


class Message:
    """TEXT has lines that end with CRLF, and a signature."""

    def __init__(self, text):
        head, self.body = text.split("\r\n\r\n", 1)
        self.fields = re.split(r"\r\n(?![ \t])", head)
        own = [field for field in self.fields
               if field.lower().startswith("dkim-signature:")][0]
        self.own = own
        self.tags = dict(re.sub(r"\s", "", tag).split("=", 1) for tag in
                         own.split(":", 1)[1].split(";") if "=" in tag)
        self.names = self.tags["h"].lower().split(":")

    def body_hash(self):
        lines = [re.sub(r"[ \t]+", " ", line).rstrip(" ")
                 for line in self.body.split("\r\n")]
        text = "\r\n".join(lines).rstrip("\r\n") + "\r\n"
        return base64.b64encode(hashlib.sha256(
            text.encode("latin-1")).digest()).decode()

    def signature(self):
        return base64.b64decode(self.tags["b"])

    def signed(self):
        """The fields, each the last one of its name not yet taken."""
        left = [relaxed(field) for field in self.fields if field != self.own]
        text = ""
        for name in self.names:
            found = [field for field in left if field.startswith(name + ":")]
            if found:
                text += found[-1]
                left.reverse()
                left.remove(found[-1])
                left.reverse()
        bare = re.sub(r"([;\s]b=)[^;]*", r"\1", self.own)
        return text + relaxed(bare).removesuffix("\r\n")
