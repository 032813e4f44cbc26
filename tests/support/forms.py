"""The forms in which a secret may come back: as it is, base64, hexadecimal, URL-encoded."""
import base64
import urllib.parse


def url(secret):
    return urllib.parse.quote(secret, safe="")


def of(secret):
    """Texts, one of which is in every text that holds the secret in one of these forms."""
    raw = secret.encode()
    found = {secret, raw.hex(), raw.hex().upper(), url(secret), url(secret).lower(),
             urllib.parse.quote(secret), url(url(secret))}
    for shift in range(3):
        # What stands before moves the groups; their first and last characters hold other bits.
        text = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        found.add(text[(0, 2, 3)[shift]: -1])
        found.add(text[(0, 2, 3)[shift]: -1].replace("+", "-").replace("/", "_"))
    return sorted(found)
