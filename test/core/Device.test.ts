import { inspect } from "node:util"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { Either, FastCheck as fc, Redacted } from "effect"
import { Device, DeviceInfo } from "effect-adobe-pass"
import { runs } from "../support/property.js"
import { info } from "../support/system.js"

interface Options {
  readonly id: string
  readonly ip: string
  readonly info: DeviceInfo.DeviceInfo
  readonly userAgent: string
}

const id = "ba23d141-d715-561c-94f4-e9e4c966b1eb"
const userAgent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"
const make = (options: Partial<Options> = {}) => Device.make({ id, ip: "203.0.113.7", info, ...options })
const made = (options?: Partial<Options>) => Either.getOrThrow(make(options))
const ipOf = (ip: string) =>
  Either.match(make({ ip }), {
    onLeft: ({ field, message }) => {
      assert.strictEqual(field, "device.ip")
      assert.notInclude(message, ip.trim() || "nothing to find")
      return "refused"
    },
    onRight: (device) => (device.ip === undefined ? undefined : Redacted.value(device.ip))
  })
const fieldOf = (result: Either.Either<Device.Device, { readonly field: string }>) =>
  Either.match(result, { onLeft: ({ field }) => field, onRight: () => undefined })
const headersOf = (device: Device.Device) => Redacted.value(device.callHeaders)
const decodedInfo = (device: Device.Device): unknown =>
  JSON.parse(Buffer.from(headersOf(device)["x-device-info"] ?? "", "base64").toString("utf8"))

describe("the headers of a device", () => {
  it("name it by the base64 of its identifier, as in Adobe's example (G2)", () => {
    assert.strictEqual(
      headersOf(made())["ap-device-identifier"],
      "fingerprint YmEyM2QxNDEtZDcxNS01NjFjLTk0ZjQtZTllNGM5NjZiMWVi"
    )
  })

  it("describe it and forward its address, on calls and on /o/client/* alike (G3, G8)", () => {
    const callHeaders = headersOf(made())
    const clientHeaders = Redacted.value(made().clientHeaders)
    const expected = {
      "x-device-info": Either.getOrThrow(DeviceInfo.toHeader(info)),
      "x-forwarded-for": "203.0.113.7"
    }
    assert.deepStrictEqual(clientHeaders, expected)
    assert.deepStrictEqual(Object.keys(callHeaders).sort(), [
      "ap-device-identifier",
      "x-device-info",
      "x-forwarded-for"
    ])
    assert.include(callHeaders, expected)
  })

  it("leave the description out for a browser only (G3)", () => {
    const device = Either.getOrThrow(Device.make({ id, ip: "203.0.113.7", info: "browser", userAgent }))
    assert.notProperty(headersOf(device), "x-device-info")
    assert.deepStrictEqual(Redacted.value(device.clientHeaders), {
      "x-forwarded-for": "203.0.113.7",
      "user-agent": userAgent
    })
  })

  it("name the user agent of the device, where it is known", () => {
    assert.propertyVal(headersOf(made({ userAgent })), "user-agent", userAgent)
    const onBehalf = Device.onBehalfOf({ id, ip: "203.0.113.7", port: 51617, info, userAgent })
    assert.propertyVal(headersOf(Either.getOrThrow(onBehalf)), "user-agent", userAgent)
    assert.notProperty(headersOf(made()), "user-agent")
  })

  it("cannot be those of a browser whose user agent is not known: its platform stands nowhere else", () => {
    // @ts-expect-error a browser needs a user agent
    assert.strictEqual(fieldOf(Device.make({ id, info: "browser" })), "device.userAgent")
  })

  it.each(["", " ", "a\r\nx-injected: 1", "\u00e4", "a".repeat(2049)])(
    "cannot have the user agent %j",
    (text) => {
      assert.strictEqual(fieldOf(make({ userAgent: text })), "device.userAgent")
    }
  )

  it("leave the address out where the process runs on the device itself", () => {
    assert.notProperty(headersOf(Either.getOrThrow(Device.make({ id, info }))), "x-forwarded-for")
  })

  it.prop(
    "are the same for the same input, whenever they are made (G4)",
    [fc.string({ minLength: 1, maxLength: 64 }), fc.ipV4()],
    ([text, ip]) => {
      const [first, second] = [make({ id: text, ip }), make({ id: text, ip })]
      assert.deepStrictEqual(Either.map(first, headersOf), Either.map(second, headersOf))
    },
    runs(200)
  )

  it("differ for identifiers that differ only in case or space", () => {
    const headers = [id, id.toUpperCase(), ` ${id}`].map(
      (text) => headersOf(made({ id: text }))["ap-device-identifier"]
    )
    assert.strictEqual(new Set(headers).size, 3)
  })
})

describe("a device that a server speaks for", () => {
  const behalf = { id, ip: "203.0.113.7", port: 51617, info }

  it("has its address and its source port in its description (G7)", () => {
    const device = Either.getOrThrow(Device.onBehalfOf(behalf))
    assert.deepStrictEqual(decodedInfo(device), {
      ...info,
      connectionIp: "203.0.113.7",
      connectionPort: "51617"
    })
    assert.strictEqual(Redacted.value(device.clientHeaders)["x-forwarded-for"], "203.0.113.7")
  })

  it("has the address of the connection even where the description says otherwise (G7)", () => {
    const device = Either.getOrThrow(
      Device.onBehalfOf({ ...behalf, info: { ...info, connectionIp: "10.0.0.1", connectionPort: "1" } })
    )
    assert.propertyVal(decodedInfo(device), "connectionIp", "203.0.113.7")
    assert.propertyVal(decodedInfo(device), "connectionPort", "51617")
  })

  it("has one address in both places, however it was written", () => {
    const device = Either.getOrThrow(Device.onBehalfOf({ ...behalf, ip: "::FFFF:203.0.113.7" }))
    assert.propertyVal(decodedInfo(device), "connectionIp", "203.0.113.7")
    assert.strictEqual(Redacted.value(device.clientHeaders)["x-forwarded-for"], "203.0.113.7")
  })

  it.each([0, -1, 65_536, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("has no port %d", (port) => {
    assert.strictEqual(fieldOf(Device.onBehalfOf({ ...behalf, port })), "device.port")
  })

  it("needs an address and a port by its type (G7)", () => {
    expectTypeOf<Parameters<typeof Device.onBehalfOf>[0]>().toEqualTypeOf<{
      readonly id: string
      readonly ip: string
      readonly port: number
      readonly info: DeviceInfo.DeviceInfo
      readonly userAgent?: string | undefined
    }>()
  })
})

describe("an address", () => {
  it.each([
    ["203.0.113.7", "203.0.113.7"],
    [" 203.0.113.7\n", "203.0.113.7"],
    ["0.0.0.0", "0.0.0.0"],
    ["255.255.255.255", "255.255.255.255"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:0db8::0001", "2001:db8::1"],
    ["::1", "::1"],
    ["::", "::"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["::FFFF:cb00:7107", "203.0.113.7"],
    ["0:0:0:0:0:ffff:203.0.113.7", "203.0.113.7"],
    ["64:ff9b::203.0.113.7", "64:ff9b::cb00:7107"]
  ])("%j is %s", (ip, expected) => {
    assert.strictEqual(ipOf(ip), expected)
  })

  it.each([
    "999.1.1.1",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.4.",
    ".1.2.3.4",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.04",
    "1.2.3.4, 5.6.7.8",
    "1.2.3.4:51617",
    "[2001:db8::1]",
    "[2001:db8::1]:443",
    "2001:db8::1%eth0",
    "2001:db8::1::2",
    "::ffff:999.1.1.1",
    "12345::",
    "0x7f.1.1.1",
    "2130706433",
    "localhost",
    "example.com",
    "1.2.3.4\r\nx-injected: 1",
    "",
    " "
  ])("%j is refused, and the error does not repeat it", (ip) => {
    assert.strictEqual(ipOf(ip), "refused")
  })

  it.prop(
    "has one text: the canonical one is canonical",
    [fc.oneof(fc.ipV4(), fc.ipV6())],
    ([ip]) => {
      const once = ipOf(ip)
      assert.notStrictEqual(once, "refused")
      assert.strictEqual(ipOf(once ?? ""), once)
      assert.strictEqual(ipOf(ip.toUpperCase()), once)
    },
    runs(500)
  )
})

describe("the address of a client", () => {
  const addressOf = (forwardedFor: string | undefined, trustedProxies: number, remoteAddress = "10.0.0.1") =>
    Either.getOrElse(
      Device.forwardedAddress({ forwardedFor, remoteAddress, trustedProxies }),
      ({ field }) => field
    )

  it.each([
    [undefined, 0, "10.0.0.1"],
    ["203.0.113.7", 0, "10.0.0.1"],
    ["203.0.113.7", 1, "203.0.113.7"],
    ["6.6.6.6, 203.0.113.7", 1, "203.0.113.7"],
    ["6.6.6.6, 203.0.113.7,10.0.0.2", 2, "203.0.113.7"],
    ["203.0.113.7:51617", 1, "203.0.113.7"],
    ["[2001:db8::1]:443", 1, "2001:db8::1"],
    ["2001:DB8::1", 1, "2001:db8::1"],
    ["::ffff:203.0.113.7", 1, "203.0.113.7"]
  ])(
    "is taken from %j, with %d trusted proxies, as the nearest that none of them has",
    (header, n, expected) => {
      assert.strictEqual(addressOf(header, n), expected)
    }
  )

  it.each([
    [undefined, 1, "forwardedFor"],
    ["", 1, "forwardedFor"],
    ["203.0.113.7", 2, "forwardedFor"],
    ["unknown", 1, "device.ip"],
    ["203.0.113.7", -1, "trustedProxies"],
    ["203.0.113.7", 0.5, "trustedProxies"]
  ])("is not guessed from %j with %d trusted proxies", (header, n, field) => {
    assert.strictEqual(addressOf(header, n), field)
  })
})

describe("an identifier", () => {
  it.each([
    ["empty", ""],
    ["blank", " \u00a0 "],
    ["longer than 1024 characters", "a".repeat(1025)],
    ["a megabyte long", "a".repeat(1_000_000)],
    ["with a line break", "a\r\nb"],
    ["with a zero byte", "a\u0000"]
  ])("that is %s is refused, and the error does not repeat it", (_, text) => {
    const error = Either.getOrThrow(Either.flip(make({ id: text })))
    assert.strictEqual(error.field, "device.id")
    assert.isBelow(error.message.length, 200)
    if (text.trim() !== "") assert.notInclude(error.message, text)
  })

  it("may have 1024 characters", () => {
    assert.isTrue(Either.isRight(make({ id: "a".repeat(1024) })))
  })

  it("may be text of any script", () => {
    const header = headersOf(made({ id: "дом-1" }))["ap-device-identifier"] ?? ""
    assert.strictEqual(Buffer.from(header.replace("fingerprint ", ""), "base64").toString("utf8"), "дом-1")
  })
})

describe("a device with an unusable description", () => {
  it("is refused (G6)", () => {
    const { osVersion: _, ...rest } = info
    // @ts-expect-error a required key is missing
    assert.strictEqual(fieldOf(make({ info: rest })), "device.info")
    // @ts-expect-error only a browser may do without
    assert.strictEqual(fieldOf(Device.make({ id, ip: "203.0.113.7", info: {} })), "device.info")
  })

  it("is told what to do when it has none", () => {
    // @ts-expect-error a description is required
    const error = Either.getOrThrow(Either.flip(Device.make({ id, ip: "203.0.113.7" })))
    assert.include(error.message, 'device.info is missing: describe the device, or say "browser"')
  })
})

describe("a device in print", () => {
  const device = Either.getOrThrow(Device.onBehalfOf({ id, ip: "203.0.113.7", port: 51617, info }))
  const secrets = [id, "203.0.113.7", "51617", "AFTM", ...Object.values(headersOf(device))]
  const prints: ReadonlyArray<readonly [string, string]> = [
    ["inspect", inspect(device)],
    ["inspect in depth", inspect({ nested: { device } }, { depth: null, showHidden: true })],
    [
      "inspect without its own printer",
      inspect(device, { depth: null, showHidden: true, customInspect: false })
    ],
    ["JSON", JSON.stringify({ device })],
    ["text", String(device)],
    ["text in a sentence", `${device}`],
    ["its headers, inspected", `${inspect(device.clientHeaders)}${inspect(device.callHeaders)}`],
    ["its headers, as JSON", JSON.stringify([device.clientHeaders, device.callHeaders])],
    ["its own entries", JSON.stringify(Object.entries(device)) + JSON.stringify({ ...device })]
  ]
  it.each(prints)("shows nothing of itself by %s (H10)", (_, text) => {
    for (const secret of secrets) assert.notInclude(text, secret)
  })
})
