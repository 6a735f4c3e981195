# SPDX-License-Identifier: ISC
"""What TLS servers on loopback have in common: certificates and listeners."""
import os
import socket
import ssl
import threading


class Certificates:
    """NAME.pem in a directory that certs.sh made."""

    def __init__(self, directory):
        self.directory = directory

    def context(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(self.directory, name + ".pem"))
        return context

    def choose(self, conn, name, context):
        """Without a name, or with one we do not have, no handshake."""
        conn.asked = name
        try:
            conn.context = self.context(name.split(".")[1])
        except (AttributeError, IndexError, OSError):
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        return None

    def by_name(self):
        context = self.context("good")
        context.sni_callback = self.choose
        return context

    def old(self):
        context = self.context("good")
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        return context


def listen(handler):
    """Call HANDLER in a thread for each connection; the port."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", 0))
    sock.listen(64)

    def accept():
        while True:
            conn, _ = sock.accept()
            threading.Thread(target=handler, args=(conn,),
                             daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return sock.getsockname()[1]
