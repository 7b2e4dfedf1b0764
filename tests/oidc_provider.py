"""A small provider of OpenID Connect, run as a process: `python -m tests.oidc_provider PORT`.

It does what a real one does (discovery, keys, codes that work once, PKCE, a client secret) and signs in whoever it was told to.
`POST /told` tells it more: whom it vouches for (`person`), what its userinfo tells of him (`userinfo`), what its tokens say in place of
the truth (`token`), which algorithm it signs with, whether it is `denying` or `down`, and to `rotate` its key.
"""

import base64
import hashlib
import hmac
import json
import secrets
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "fieldstone-tests", "a client secret: + and %"
ACCESS = "an access token"


class Provider:
    """What the provider knows."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.codes: dict[str, dict[str, str]] = {}
        self.told: dict[str, Any] = {}
        self.asked: dict[str, int] = {}
        self.rotate()

    def rotate(self) -> None:
        self.key = RSAKey.generate_key(2048, parameters={"use": "sig", "kid": secrets.token_hex(4)}, private=True)

    def tell(self, told: dict[str, Any]) -> None:
        if told.pop("rotate", False):
            self.rotate()
        self.told = told

    def discovery(self) -> dict[str, Any]:
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
        }
        return document | self.told.get("discovery", {})

    def authorize(self, asked: dict[str, str]) -> str:
        """Returns where the browser goes back to."""
        answer = {"state": asked["state"], "session_state": "of its own", "iss": self.issuer}
        if self.told.get("denying"):
            answer |= {"error": "access_denied", "error_description": "<b>No!</b>"}
        else:
            answer["code"] = secrets.token_urlsafe(16)
            self.codes[answer["code"]] = asked
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        user, _, password = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        asked = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = _text(digest)
        fits = (
            asked is not None
            and dict(parse_qsl(f"u={user}&p={password}")) == {"u": CLIENT, "p": SECRET}
            and (asked["code_challenge"], asked["code_challenge_method"]) == (challenge, "S256")
            and asked["redirect_uri"] == form["redirect_uri"]
        )
        if asked is None or not fits:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        id_token = self.sign(claims | self.told.get("person", {}))
        return 200, {"token_type": "Bearer", "access_token": ACCESS, "id_token": id_token}

    def userinfo(self, authorization: str | None) -> tuple[int, dict[str, Any]]:
        """Returns what it tells of whoever has just signed in, to whoever shows his token."""
        if authorization != f"Bearer {ACCESS}":
            return 401, {"error": "invalid_token"}
        return 200, self.told.get("userinfo", {"sub": self.told["person"]["sub"]})

    def sign(self, claims: dict[str, Any]) -> str:
        claims |= self.told.get("token", {})
        algorithm = self.told.get("algorithm", "RS256")
        if algorithm in ("none", "HS256"):
            parts = [json.dumps(part).encode() for part in ({"alg": algorithm, "kid": self.key.kid}, claims)]
            signed = ".".join(map(_text, parts))
            public = self.key.as_pem(private=False)
            return f"{signed}.{_text(hmac.digest(public, signed.encode(), 'sha256')) if algorithm == 'HS256' else ''}"
        signing = RSAKey.generate_key(2048) if self.told.get("forged") else self.key
        return jwt.encode({"alg": algorithm, "kid": self.key.kid}, claims, signing)


class Handler(BaseHTTPRequestHandler):
    """Answers over HTTP."""

    provider: Provider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.provider.asked[parts.path] = self.provider.asked.get(parts.path, 0) + 1
        if parts.path == "/asked":
            self.answer(200, self.provider.asked)
        elif self.provider.told.get("down"):
            self.answer(503, "not now")
        elif parts.path == "/.well-known/openid-configuration":
            self.answer(200, self.provider.discovery())
        elif parts.path == "/keys":
            self.answer(200, {"keys": [self.provider.key.as_dict(private=False)]})
        elif parts.path == "/userinfo":
            self.answer(*self.provider.userinfo(self.headers["authorization"]))
        elif parts.path == "/authorize":
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self.send_response(302)
            self.send_header("location", self.provider.authorize(asked))
            self.end_headers()
        else:
            self.answer(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/told":
            self.provider.tell(json.loads(body))
            self.answer(200, {})
        elif self.provider.told.get("down"):
            self.answer(503, "not now")
        elif self.provider.told.get("endless"):
            self.answer(200, {"id_token": "x" * 1_000_000})
        else:
            self.answer(*self.provider.token(dict(parse_qsl(body.decode())), self.headers["authorization"]))

    def answer(self, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: Any) -> None:
        """Says nothing."""


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def main(port: int) -> None:
    """Serves until it is ended."""
    Handler.provider = Provider(port)
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
