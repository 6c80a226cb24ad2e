/** What went wrong with a connection, in words, and what helps. */

interface Description {
  readonly what: string
  readonly advice: string
}

/** Codes of Node.js for certificates that it does not accept, which it checks before anything is sent. */
export const isOfCertificate = (code: string): boolean =>
  /(?:^|_)(?:CERT|CRL|CA|ISSUER|SIGNATURE|PURPOSE|UNTRUSTED)(?:_|$)|^(?:HOSTNAME_MISMATCH|PATH_LENGTH_EXCEEDED)$/.test(
    code
  )

const network = "check the network, the proxy and the host name, then try again"

const reasons = {
  NotConnected: { what: "could not connect to Adobe Pass", advice: network },
  ConnectionLost: { what: "lost the connection before the answer was complete", advice: network },
  Timeout: { what: "got no answer in time", advice: network },
  Stalled: {
    what: "received the head of an answer, but its body stalled",
    advice: "try again; for a body that comes slowly allow longer pauses with Transport.withBodyTimeout"
  }
}

const codes: Readonly<Record<string, Description>> = {
  NO_CONNECTION_IN_TIME: {
    what: "was not sent, because no connection was free or made in time",
    advice: "make fewer calls at once or raise transport.connections, and check the network"
  },
  BODY_NOT_READ: {
    what: "was answered, but nobody asked for the body in time, so the connection was ended",
    advice: "read the body as soon as the answer arrives, or end its scope"
  },
  PROXY_407: {
    what: "was not sent, because the proxy asks for credentials",
    advice: "write them into the URL of the proxy (HTTPS_PROXY=http://user:password@host:port)"
  },
  CERT_NOT_YET_VALID: {
    what: "was not sent, because the server's certificate is not valid yet",
    advice: "check the clock of this machine"
  },
  CERT_HAS_EXPIRED: {
    what: "was not sent, because the server's certificate has expired",
    advice: "check the clock of this machine, then tell whoever runs the server or the proxy"
  },
  UND_ERR_DESTROYED: {
    what: "was not sent, because the transport is closed",
    advice: "keep the scope of the layer open while calls are made"
  },
  UND_ERR_INVALID_ARG: {
    what: "was refused by the dispatcher",
    advice:
      "check the request, and that the dispatcher is one of the undici that effect-adobe-pass-node depends on"
  },
  UND_ERR_NOT_SUPPORTED: {
    what: "was refused by the transport",
    advice: "use a method and headers that undici can send"
  }
}

/** A failure in words, by its code if that says more than its reason. */
export const describeTransport = (reason: keyof typeof reasons, code = ""): Description => {
  const known = codes[code]
  if (known !== undefined) return known
  if (code.startsWith("PROXY_")) {
    return {
      what: `was not sent, because the proxy answered with status ${code.slice("PROXY_".length)}`,
      advice: "check that it lets Adobe's hosts through"
    }
  }
  return reason === "NotConnected" && isOfCertificate(code)
    ? {
        what: "was not sent, because the server's certificate is not trusted",
        advice: "check the host name; if a proxy inspects TLS, add its CA with NODE_EXTRA_CA_CERTS"
      }
    : reasons[reason]
}
