import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { skewOf } from "effect-adobe-pass-cli/doctor/clock"
import { basic } from "effect-adobe-pass-cli/doctor/connection"
import { exitCodeOf } from "effect-adobe-pass-cli/doctor/examination"
import { judge } from "effect-adobe-pass-cli/doctor/fileSystems"
import { error, note, ok, skipped, warning } from "effect-adobe-pass-cli/doctor/findings"
import { expiry } from "effect-adobe-pass-cli/doctor/hosts"
import { proxyOf } from "effect-adobe-pass-cli/doctor/proxy"
import { summary } from "effect-adobe-pass-cli/doctor/report"
import { isPrivate } from "effect-adobe-pass-cli/doctor/throttle"
import { nearest } from "effect-adobe-pass-cli/Suggestion"

describe("a suggestion", () => {
  const known = ["throttle.maxWait", "throttle.maxKeys", "environment"]

  it("is the nearest name, whatever its case", () => {
    assert.strictEqual(nearest("throttle.maxwiat", known), "throttle.maxWait")
    assert.strictEqual(nearest("Enviroment", known), "environment")
  })

  it("is not made where nothing is near, or the name is too long to compare", () => {
    assert.strictEqual(nearest("colour", known), undefined)
    assert.strictEqual(nearest(`environment${" ".repeat(100)}`, known), undefined)
  })
})

describe("the proxy of a host", () => {
  const of = (environment: Readonly<Record<string, string>>, url: string) =>
    Effect.map(proxyOf(environment, new URL(url)), (proxy) =>
      Option.getOrUndefined(Option.map(proxy, ({ url: { host }, variable }) => `${variable} ${host}`))
    )

  it.effect("is that of its scheme, and that of HTTP where HTTPS has none", () =>
    Effect.gen(function* () {
      const both = { HTTP_PROXY: "http://one:3128", HTTPS_PROXY: "http://two:3128" }
      assert.strictEqual(yield* of(both, "https://sp.example"), "HTTPS_PROXY two:3128")
      assert.strictEqual(yield* of(both, "http://127.0.0.1:1"), "HTTP_PROXY one:3128")
      assert.strictEqual(yield* of({ HTTP_PROXY: "http://one" }, "https://sp.example"), "HTTP_PROXY one")
      assert.strictEqual(yield* of({ HTTPS_PROXY: "http://two" }, "http://127.0.0.1"), undefined)
    })
  )

  it.effect("comes from the variable in lower case, even an empty one", () =>
    Effect.gen(function* () {
      const upper = { HTTPS_PROXY: "http://upper:1" }
      assert.strictEqual(
        yield* of({ ...upper, https_proxy: "http://lower:1" }, "https://sp.example"),
        "HTTPS_PROXY lower:1"
      )
      assert.strictEqual(yield* of({ ...upper, https_proxy: "" }, "https://sp.example"), undefined)
    })
  )

  it.effect("is none where NO_PROXY names the host, its domain, or its port", () =>
    Effect.gen(function* () {
      const except = (noProxy: string) =>
        of({ HTTPS_PROXY: "http://two:1", NO_PROXY: noProxy }, "https://sp.auth.example")
      for (const excepted of [
        "*",
        "sp.auth.example",
        ".auth.example",
        "a, AUTH.example",
        "*.auth.example:443"
      ]) {
        assert.strictEqual(yield* except(excepted), undefined, excepted)
      }
      for (const others of ["", "h.example", "sp.auth.example:80"]) {
        assert.strictEqual(yield* except(others), "HTTPS_PROXY two:1", others)
      }
    })
  )

  it.effect("is refused when it is no URL, without its value", () =>
    Effect.gen(function* () {
      const problem = yield* Effect.flip(of({ HTTPS_PROXY: "password@" }, "https://sp.example"))
      assert.strictEqual(problem.message, "HTTPS_PROXY must be a URL such as http://proxy:3128.")
    })
  )
})

describe("a forwarded address", () => {
  it("is private where it means nothing to Adobe Pass", () => {
    for (const address of [
      "10.0.0.1",
      "172.16.0.1",
      "172.31.255.255",
      "192.168.1.1",
      "100.64.0.1",
      "127.0.0.1",
      "169.254.1.1",
      "::1",
      "fd00::1",
      "fe80::1"
    ]) {
      assert.isTrue(isPrivate(address), address)
    }
    for (const address of ["203.0.113.7", "172.15.0.1", "172.32.0.1", "100.63.0.1", "2001:db8::1"]) {
      assert.isFalse(isPrivate(address), address)
    }
  })
})

describe("the skew of the clock", () => {
  const midpoint = Date.UTC(2026, 10, 26, 7, 0, 0)

  it("is measured from the middle of the second that the server names", () => {
    assert.strictEqual(skewOf({ date: "Thu, 26 Nov 2026 07:00:00 GMT", age: undefined, midpoint }), -500)
  })

  it("counts the time that the answer was in a cache", () => {
    assert.strictEqual(skewOf({ date: "Thu, 26 Nov 2026 06:59:00 GMT", age: "60", midpoint }), -500)
  })

  it("is unknown without a date that can be read", () => {
    assert.strictEqual(skewOf({ date: undefined, age: undefined, midpoint }), undefined)
    assert.strictEqual(skewOf({ date: "yesterday", age: undefined, midpoint }), undefined)
    assert.strictEqual(skewOf({ date: "0", age: undefined, midpoint }), undefined)
  })

  it("is unknown with an age that no cache gives", () => {
    for (const age of ["1e300", "-1e17", "-5", "0.5", "", "999999999"]) {
      assert.strictEqual(skewOf({ date: "Thu, 26 Nov 2026 07:00:00 GMT", age, midpoint }), undefined, age)
    }
  })
})

describe("the credentials of a proxy", () => {
  it("are decoded, and a % that encodes nothing stands for itself", () => {
    const header = (text: string) => ({ "proxy-authorization": `Basic ${btoa(text)}` })
    assert.deepStrictEqual(basic(new URL("http://u:p%40ss@proxy")), header("u:p@ss"))
    assert.deepStrictEqual(basic(new URL("http://u:50%@proxy")), header("u:50%"))
  })
})

describe("the place of a store", () => {
  it("is judged by the type of its file system", () => {
    const severities = [0xef53, 0x0102_1994, 0x6969, 0x794c_7630].map((type) =>
      judge("/store", type).map(({ severity }) => severity)
    )
    assert.deepStrictEqual(severities, [[], ["warning"], ["warning"], ["note"]])
  })
})

describe("a certificate", () => {
  it("is a warning in its last two weeks", () => {
    const days = (count: number) => expiry(new URL("https://sp.example"), count * 86_400_000, 0)
    assert.deepStrictEqual(days(14), [])
    assert.deepStrictEqual(
      days(13).map(({ finding, severity }) => [severity, finding]),
      [["warning", "The certificate of sp.example:443 expires in 13 d."]]
    )
  })
})

describe("findings", () => {
  const some = [ok("a"), note("b"), skipped("c")]

  it("come to the exit code of the first error, or to 1 for warnings alone", () => {
    assert.strictEqual(exitCodeOf(some), 0)
    assert.strictEqual(exitCodeOf([...some, warning("d", "e")]), 1)
    assert.strictEqual(exitCodeOf([warning("d", "e"), error(6, "f"), error(3, "g")]), 6)
  })

  it("are counted in the last line", () => {
    assert.strictEqual(summary([]), "All is well.")
    assert.strictEqual(summary(some), "Nothing wrong was found; 1 check skipped.")
    assert.strictEqual(summary([warning("d", "e"), error(6, "f"), error(3, "g")]), "2 errors and 1 warning.")
  })
})
