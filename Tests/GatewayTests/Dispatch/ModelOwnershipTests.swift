import Reactor
import Support
import Testing

@testable import Gateway

/// A model is served by the providers that have it: by their lists, and by the configuration.
@Suite struct ModelOwnershipTests {
  private typealias Provider = RouteTable.Provider

  // MARK: The table

  @Test func `a listed model belongs to the providers that list it`() throws {
    let table = try RouteTable([
      Provider("a", listed: ["x", "y"]), Provider("b", listed: ["y"]), Provider("c"), Provider("d", models: ["x*"]),
    ])
    #expect(RouteTableTests.list(table, "x") == ["a:x", "d:x"])
    #expect(RouteTableTests.list(table, "y") == ["a:y", "b:y"])
    // Nothing lists it, so the provider whose list is not known may have it.
    #expect(RouteTableTests.list(table, "z") == ["c:z"])
    #expect(RouteTableTests.list(table, "x2") == ["d:x2", "c:x2"])
  }

  @Test func `a pattern of a provider whose list is not known counts as much as another's list`() throws {
    let unknown = Provider("a", priority: 1, models: ["m*"])
    let other = Provider("b", priority: 2, models: ["m*"], listed: ["m1"])
    #expect(RouteTableTests.list(try RouteTable([other, unknown]), "m1") == ["a:m1", "b:m1"])
    // Once its list is known, it counts.
    let known = Provider("a", priority: 1, models: ["m*"], listed: ["m2"])
    #expect(RouteTableTests.list(try RouteTable([other, known]), "m1") == ["b:m1", "a:m1"])
  }

  @Test func `a provider whose list is known serves no other model`() throws {
    let table = try RouteTable([Provider("a", listed: []), Provider("b", models: ["*"], listed: ["x"])])
    #expect(RouteTableTests.list(table, "x") == ["b:x"])
    #expect(RouteTableTests.list(table, "z") == ["b:z"])
    let closed = try RouteTable([Provider("a", listed: ["x"])])
    #expect(closed.verdict(closed.match("z")) == .notServed)
  }

  @Test func `the only provider serves every name, and no discovered or disabled one is the only one`() throws {
    let table = try RouteTable([Provider("a", listed: ["x"], isOnly: true)])
    #expect(RouteTableTests.list(table, "x") == ["a:x"])
    #expect(RouteTableTests.list(table, "z") == ["a:z"])
    func isServed(_ toml: String) throws -> Bool {
      let configuration = try Configuration.read(
        text: Array(("[[providers]]\ntype = \"LlamaCpp\"\n" + toml).utf8), file: "f", environment: [:])
      let id = ProviderID(name: configuration.providers[0].name)
      let table = try configuration.table(generation: 1, lists: [id: ["x"]])
      return table.verdict(table.match("z")) == .found
    }
    #expect(try isServed(""))
    #expect(try !isServed("[[providers]]\ntype = \"OpenAiCompatible\"\nbase_url = \"http://b\"\nmodels = [\"b\"]"))
    #expect(try !isServed("[[providers]]\ntype = \"Ollama\"\nenabled = false"))
  }

  @Test func `patterns restrict the models of a list`() throws {
    let table = try RouteTable([
      Provider("a", models: ["gpt-*"], listed: ["gpt-5", "tts-1"]), Provider("b", listed: []),
    ])
    #expect(RouteTableTests.list(table, "gpt-5") == ["a:gpt-5"])
    #expect(RouteTableTests.list(table, "tts-1") == [])
    #expect(RouteTableTests.list(table, "gpt-6") == ["a:gpt-6"])
  }

  @Test(arguments: ["b/m", "b/", "b/x/y", "b:m", "b m", "b\\m", "b\"m\"", "b"])
  func `a listed name belongs to its provider, whatever it looks like`(name: String) throws {
    let table = try RouteTable([Provider("a", listed: [name]), Provider("b", listed: ["m"])])
    #expect(RouteTableTests.list(table, name) == (name == "b/" ? [] : ["a:" + name]))
    #expect(RouteTableTests.list(table, "b/m") == (name == "b/m" ? ["a:b/m"] : ["b:m"]))
  }

  @Test func `a name that names a provider is a pin, with every pattern`() throws {
    let table = try RouteTable([
      Provider("a"), Provider("b", models: ["*-x", "m*", "n"]), Provider("c", models: ["*/m", "b*", "*"]),
    ])
    for name in ["b/q-x", "b/m1", "b/n"] { #expect(RouteTableTests.order(table, name) == [1]) }
    for name in ["b/other", "b/a/m"] {
      #expect(RouteTableTests.order(table, name) == [])
      #expect(table.verdict(table.match(name)) == .notServed)
    }
    #expect(RouteTableTests.order(table, "a/b/m1") == [0])
  }

  @Test func `a pin to a disabled provider goes nowhere`() throws {
    let table = try RouteTable([Provider("a"), Provider("c", models: ["*/m", "b*", "*"])], disabled: ["b"])
    for name in ["b/m", "b/x"] {
      #expect(RouteTableTests.order(table, name) == [])
      #expect(table.verdict(table.match(name)) == .notServed)
    }
    #expect(RouteTableTests.order(table, "bm") == [1, 0])
    // A listed name is that provider's, whatever it begins with.
    let listing = try RouteTable([Provider("a", listed: ["b/m"])], disabled: ["b"])
    #expect(RouteTableTests.list(listing, "b/m") == ["a:b/m"])
    let virtual = RouteTable.VirtualModel("v", [RouteTable.Target("b/m"), RouteTable.Target("x")])
    let virtuals = try RouteTable([Provider("a")], disabled: ["b"], virtuals: [virtual])
    #expect(RouteTableTests.list(virtuals, "v") == ["a:x"])
    let configuration = try Self.read(["a", "b"], "enabled = false")
    let dispatcher = Dispatcher(configuration, now: .zero)
    #expect(dispatcher.firstCandidate(of: "m")?.provider == 0)
    #expect(dispatcher.firstCandidate(of: "b/m") == nil)
  }

  @Test func `a star in the name of a listed model stands for itself`() throws {
    let table = try RouteTable([
      Provider("a", listed: ["x/*", "y"]), Provider("b"), Provider("c", models: ["x/*"], listed: ["x/*"]),
    ])
    #expect(RouteTableTests.list(table, "x/*") == ["a:x/*", "c:x/*"])
    #expect(RouteTableTests.list(table, "x/1") == ["c:x/1", "b:x/1"])
    // A pattern names no model, even if a model has the name of the pattern.
    let here = Provider("here", isLocal: true, listed: ["x*"])
    let there = Provider("there", models: ["x*"], listed: ["x*"])
    #expect(RouteTableTests.list(try RouteTable([here, there]), "x*") == ["here:x*"])
  }

  @Test func `a listed model has the names that callers have for it`() throws {
    let provider = Provider(
      "a", listed: ["llama3:8b", "meta/x", "q"],
      upstreamNames: [
        RouteTable.Rename("gpt-4o", "llama3:8b"), RouteTable.Rename("my-*", "meta/*"), .init("q", "gone"),
      ])
    #expect(provider.callersNames(of: "llama3:8b") == ["llama3:8b", "gpt-4o"])
    #expect(provider.callersNames(of: "meta/x") == ["meta/x", "my-x"])
    // Its own name for `q` is another model's, which it does not list.
    #expect(provider.callersNames(of: "q") == [])
    let table = try RouteTable([provider, Provider("b", listed: ["q"])])
    #expect(RouteTableTests.list(table, "gpt-4o") == ["a:llama3:8b"])
    #expect(RouteTableTests.list(table, "my-x") == ["a:meta/x"])
    #expect(RouteTableTests.list(table, "q") == ["b:q"])
    let restricted = Provider("a", models: ["gpt-*"], listed: ["m"], upstreamNames: [.init("gpt-4o", "m")])
    #expect(RouteTableTests.list(try RouteTable([restricted]), "gpt-4o") == ["a:m"])
    #expect(RouteTableTests.list(try RouteTable([restricted]), "m") == [])
  }

  @Test func `a model that is listed as latest is found without the tag`() throws {
    let table = try RouteTable([
      Provider("a", listed: ["llama3:latest", "x:latest", ":latest"]), Provider("b", listed: ["x"]), Provider("c"),
      Provider("d", listed: ["q", "q:latest"]),
    ])
    #expect(RouteTableTests.list(table, "llama3") == ["a:llama3:latest"])
    #expect(RouteTableTests.list(table, "llama3:latest") == ["a:llama3:latest"])
    #expect(RouteTableTests.list(table, "x") == ["a:x:latest", "b:x"])
    #expect(RouteTableTests.list(table, "q") == ["d:q"])
    #expect(RouteTableTests.list(table, "llama3:8b") == ["c:llama3:8b"])
    // It stays on this machine, as the model that it is.
    let here = Provider("here", isLocal: true, listed: ["m:latest"])
    #expect(
      RouteTableTests.list(try RouteTable([here, Provider("there", models: ["m*"])]), "m") == ["here:m:latest"])
  }

  @Test func `a request whose provider depends on lists waits until they have arrived`() throws {
    let dispatcher = Dispatcher(try Self.read(["a", "b"], "models = [\"p*\", \"n\"]"), now: .zero)
    var random = SplitMix(state: 1)
    func first(_ model: String, at now: Duration) -> String {
      let step = dispatcher.next(
        RoutePlanBox(dispatcher.balancer.plan(model)),
        Dispatcher.Situation(failure: nil, modelLoad: .zero, dialect: .openAI),
        waiting: SlotQueue.Request(exchange: 1, caller: 0, priority: .normal), now: now, random: &random)
      switch step {
      case .attempt(let selection): return selection.name
      case .delay(let until): return until > now ? "waits" : "late"
      default: return "none"
      }
    }
    #expect(["m", "p1", "n", "a/m"].map { first($0, at: .zero) } == ["a", "b", "b", "a"])
    dispatcher.awaitLists(until: .seconds(2))
    #expect(["m", "p1", "n", "a/m", "b/x"].map { first($0, at: .zero) } == ["waits", "b", "b", "waits", "waits"])
    #expect(first("m", at: .milliseconds(1999)) == "waits" && first("m", at: .seconds(2)) == "a")
    // With the list that has the model, the others are not awaited.
    dispatcher.learn([ProviderID(name: "b"): ["p1", "a/m"]], isComplete: false)
    #expect(["m", "p1", "a/m"].map { first($0, at: .zero) } == ["waits", "b", "waits"])
    dispatcher.learn([ProviderID(name: "a"): ["m"]], isComplete: false)
    #expect(first("m", at: .zero) == "a")
    dispatcher.learn([:])
    #expect(["m", "z", "b/x"].map { first($0, at: .zero) } == ["a", "none", "none"])
  }

  private static func read(_ names: [String], _ last: String = "") throws -> Configuration {
    let providers = names.map { name in
      "[[providers]]\ntype = \"OpenAiCompatible\"\nname = \"\(name)\"\nbase_url = \"http://\(name).test\"\n"
    }
    return try Configuration.read(
      text: Array((providers.joined() + last).utf8), file: "test.toml", environment: [:])
  }

  @Test(arguments: [["b"], ["a", "b"], ["b", "a"]])
  func `a pin keeps to its provider, whatever a reload or a list makes of its name`(after: [String]) throws {
    let dispatcher = Dispatcher(try Self.read(["a", "b"]), now: .zero)
    let route = RoutePlanBox(dispatcher.balancer.plan("a/m"))
    var random = SplitMix(state: 1)
    func next(_ failure: AttemptFailure?) -> Selection? {
      let step = dispatcher.next(
        route, Dispatcher.Situation(failure: failure, modelLoad: .zero, dialect: .openAI),
        waiting: SlotQueue.Request(exchange: 1, caller: 0, priority: .normal), now: .zero, random: &random)
      if case .attempt(let selection) = step { return selection }
      return nil
    }
    let first = try #require(next(nil))
    #expect(first.name == "a" && first.model == "m")
    try dispatcher.replace(try Self.read(after), now: .zero)
    dispatcher.learn([ProviderID(name: "b"): ["a/m"]])
    _ = dispatcher.release(first, .failed, firstEvent: nil, failed: true, route, now: .zero)
    #expect(next(.unreachable) == nil)
    // A request that comes now asks for the model of that name.
    #expect(dispatcher.firstCandidate(of: "a/m").map { after[$0.provider] } == "b")
  }

  // MARK: This machine

  @Test func `a model of this machine goes to no other machine`() throws {
    let here = Provider("here", priority: 20, isLocal: true, listed: ["m"])
    let there = Provider("there", listed: ["m"])
    #expect(RouteTableTests.list(try RouteTable([here, there]), "m") == ["here:m"])
    let pattern = Provider("pattern", models: ["m*"])
    #expect(RouteTableTests.list(try RouteTable([here, pattern]), "m") == ["here:m"])
    // The configuration says otherwise.
    let named = Provider("named", priority: 30, models: ["m"])
    #expect(RouteTableTests.list(try RouteTable([here, there, named]), "m") == ["here:m", "named:m"])
    let open = Provider("open", priority: 20, isLocal: true, listed: ["m"], allowsHostedFallback: true)
    #expect(RouteTableTests.list(try RouteTable([open, there]), "m") == ["there:m", "open:m"])
    let virtual = RouteTable.VirtualModel("v", [RouteTable.Target("m"), RouteTable.Target("there/m")])
    #expect(
      RouteTableTests.list(try RouteTable([here, there], virtuals: [virtual]), "v") == ["here:m", "there:m"])
    let aliases = [
      RouteTable.Rename("fast", "m", allowsHostedFallback: true), .init("slow", "m"), .init("fast2", "fast"),
    ]
    let aliased = try RouteTable([here, there, pattern], aliases: aliases)
    #expect(["fast", "fast2"].map { RouteTableTests.order(aliased, $0) } == [[1, 2, 0], [1, 2, 0]])
    #expect(["slow", "m"].map { RouteTableTests.order(aliased, $0) } == [[0], [0]])
  }

  @Test(arguments: [
    ("http://localhost:1", true), ("http://127.0.0.1", true), ("http://127.9.9.9:8/v1", true),
    ("http://[::1]:8", true),
    ("http://up.localhost", true), ("http://LOCALHOST", true), ("http://192.168.0.1", false),
    ("http://[fe80::1]", false),
    ("https://localhost.example", false), ("https://127.0.0.1.example", false), ("https://api.openai.com", false),
  ])
  func `the address says whether a provider is on this machine`(url: String, isHere: Bool) throws {
    #expect(try BaseURL(url).isOnThisMachine == isHere)
  }

  // MARK: The gateway

  private static func list(_ models: [String]) -> [Script.Step] {
    Script.Step.json(#"{"data":[\#(models.map { #"{"id":"\#($0)"}"# }.joined(separator: ","))]}"#)
  }

  /// A provider that lists models, and answers for them alone.
  private static func having(_ models: [String]) -> World.Play {
    { request in
      if request.method == "GET" { return list(models) }
      let isKnown = models.contains { request.text.contains("\"\($0)\"") }
      return isKnown ? Script.Step.answer : Script.Step.json(#"{"error":{"message":"no such model"}}"#, status: 404)
    }
  }

  private static func chat(_ model: String) -> [UInt8] {
    World.chat(#"{"model":"\#(model)","messages":[{"role":"user","content":"hi"}]}"#)
  }

  private static func models(_ world: World) throws -> HTTPMessage {
    try world.exchange(Array("GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n".utf8))
  }

  @Test(arguments: Transport.allCases)
  func `a model is asked for where it is listed, without a request for the lists`(transport: Transport) throws {
    let world = try World(
      transport, toml: "[server]\nmodels_refresh_secs = 60",
      [Self.having(["one"]), Self.having(["two", "up0/odd"])])
    #expect(world.run { world.seenCount == 2 })
    world.run(for: .milliseconds(20))
    for (model, provider) in [
      ("one", "up0/one"), ("two", "up1/two"), ("up0/odd", "up1/up0/odd"), ("up1/two", "up1/two"),
    ] {
      let answer = try world.exchange(Self.chat(model))
      #expect(answer.status == 200)
      #expect(answer.field("x-served-by") == provider)
    }
    let before = world.seenCount
    #expect(try world.exchange(Self.chat("three")).status == 404)
    #expect(world.seenCount == before)
  }

  @Test func `a list that cannot be read changes nothing, and a new one counts at once`() throws {
    var models: [String]? = ["one"]
    let world = try World(
      clock: .manual, toml: "[server]\nmodels_refresh_secs = 60\nhealth_check_interval_secs = 0",
      [
        { request in
          if request.method != "GET" { return Script.Step.answer }
          return models.map(Self.list) ?? Script.Step.json("nothing", status: 500)
        }, Self.having(["other"]),
      ])
    func status(_ model: String) throws -> Int { try world.exchange(Self.chat(model)).status }
    world.settle()
    #expect(try status("two") == 404)
    models = nil
    world.pass(.seconds(61))
    #expect(try status("one") == 200)
    #expect(try status("two") == 404)
    models = ["two"]
    world.pass(.seconds(61))
    #expect(try status("one") == 404)
    #expect(try status("two") == 200)
    // An empty list is as none: its provider may serve models that it does not list.
    models = []
    world.pass(.seconds(61))
    #expect(try status("one") == 200)
  }

  @Test func `a model that is not found requests the lists, at most every five seconds`() throws {
    var models = ["one"]
    var requests = 0
    let world = try World(
      clock: .manual, toml: "[server]\nmodels_refresh_secs = 3600\nhealth_check_interval_secs = 0",
      [
        { request in
          if request.method != "GET" { return Script.Step.answer }
          requests += 1
          return Self.list(models)
        }, Self.having(["other"]),
      ])
    world.settle()
    models.append("new")
    for _ in 0..<3 { #expect(try world.exchange(Self.chat("new")).status == 404) }
    #expect(requests == 1)
    world.pass(.seconds(6))
    #expect(try world.exchange(Self.chat("new")).status == 404)
    world.settle()
    #expect(requests == 2)
    #expect(try world.exchange(Self.chat("new")).status == 200)
  }

  @Test func `a provider that does not list a model, and does not know it, gives way to one that lists it`() throws
  {
    // The first and the second are named for the model, but do not have it.
    let world = try World(
      toml: "[server]\nmodels_refresh_secs = 60",
      providers: "type = \"OpenAiCompatible\"\nmodels = [\"one\", \"two\"]",
      [Self.having(["else"]), Self.having(["else"]), Self.having(["one"]), Self.having(["one"])])
    #expect(world.run { world.seenCount == 4 })
    world.run(for: .milliseconds(20))
    let answer = try world.exchange(Self.chat("one"))
    #expect(answer.status == 200)
    #expect(answer.field("x-served-by") == "up2/one")
    #expect((0..<4).map { world.seen($0).count } == [2, 1, 2, 1])
    // No provider lists the other model, so the first one's answer is the caller's.
    let other = try world.exchange(Self.chat("two"))
    #expect(other.status == 404)
    #expect(other.text.contains("no such model"))
    #expect((0..<4).map { world.seen($0).filter { $0.method == "POST" }.count } == [2, 0, 1, 0])
  }

  @Test func `a provider that lists a model has the last word on it`() throws {
    let world = try World(
      toml: "[server]\nmodels_refresh_secs = 60",
      [
        { request in
          request.method == "GET"
            ? Self.list(["one"]) : Script.Step.json(#"{"error":{"message":"gone"}}"#, status: 404)
        }, Self.having(["one"]),
      ])
    #expect(world.run { world.seenCount == 2 })
    world.run(for: .milliseconds(20))
    #expect(try world.exchange(Self.chat("one")).status == 404)
    #expect(world.seen(1).count { $0.method == "POST" } == 0)
  }

  @Test func `the names that callers have for a model are listed, and found`() throws {
    let world = try World(
      toml: "[server]\nmodels_refresh_secs = 60",
      providers: "type = \"OpenAiCompatible\"\nmodel_names = { \"mine\" = \"one\" }", [Self.having(["one"])])
    world.settle()
    let list = try Self.models(world).text
    for name in ["one", "mine"] {
      #expect(list.contains("\"id\":\"\(name)\""))
      #expect(try world.exchange(Self.chat(name)).status == 200)
    }
  }

  @Test func `a model that is hidden by a name without a provider is not listed`() throws {
    let world = try World(
      toml: """
        [[virtual_models]]
        name = "one"
        targets = ["gone"]
        [server]
        models_refresh_secs = 60
        """, [Self.having(["one", "two", "up1/two"]), Self.having(["two"])])
    world.settle()
    let list = try Self.models(world).text
    #expect(list.contains(#""id":"two""#) && list.contains(#""id":"up1/two""#) && !list.contains(#""id":"one""#))
    #expect(try world.exchange(Self.chat("one")).status == 404)
  }

  @Test func `aliases and virtual models are listed, and found`() throws {
    let world = try World(
      toml: """
        [[aliases]]
        name = "fast"
        model = "one"
        [[virtual_models]]
        name = "best"
        targets = ["two", "one"]
        """, providers: "type = \"OpenAiCompatible\"\nmodels = [\"one\", \"two\"]", [Self.having(["one", "two"])])
    let list = try Self.models(world).text
    for name in ["one", "fast", "best"] {
      #expect(list.contains("\"id\":\"\(name)\""))
      let one = try world.exchange(Array("GET /v1/models/\(name) HTTP/1.1\r\nhost: localhost\r\n\r\n".utf8))
      #expect(one.status == 200)
      #expect(try world.exchange(Self.chat(name)).status == 200)
    }
  }

  @Test func `a reload keeps the list of a provider at the same address, and forgets that of another`() throws {
    let world = try World(toml: "[server]\nmodels_cache_secs = 0", [Self.having(["one"]), Self.having(["other"])])
    _ = try Self.models(world)
    #expect(try world.exchange(Self.chat("two")).status == 404)
    var configuration = world.gateway.settings.configuration
    #expect(world.gateway.apply(configuration) == nil)
    #expect(world.gateway.dispatcher.firstCandidate(of: "two") == nil)
    configuration.providers[0].baseURL = try BaseURL("http://elsewhere.test")
    #expect(world.gateway.apply(configuration) == nil)
    #expect(world.gateway.dispatcher.firstCandidate(of: "two") != nil)
  }
}
